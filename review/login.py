"""Logging in, logging out, and changing one's own password."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from errors import NotAllowed, TooManyTries, WrongUsage
from pipeline.governance import logins
from pipeline.governance.accounts import any_account
from review.guard import router
from review.pages import page
from review.sessions import (
    browser,
    fresh_form_token,
    go,
    logged_in,
    logged_out,
    own_place,
    session_token,
    set_form_cookie,
)
from review.site import OurSite, Site
from review.visitors import STRANGER, Asked, Who

WRONG = "Wrong account name or password."
Text = Annotated[str, Form()]
routes = router()


@routes.get("/login")
def show_login(request: Request, ours: OurSite, who: Who, next: str = "/") -> Response:
    """The login form; a browser that is logged in is redirected."""
    if who is not STRANGER:
        return go(own_place(next))
    return _login_form(request, ours, next)


@routes.post("/login")
def log_in(
    request: Request,
    ours: OurSite,
    asked: Asked,
    name: Text = "",
    password: Text = "",
    next: Text = "/",
) -> Response:
    """Start a session if the password is right; otherwise say only that it is not."""
    name = name.strip().lower()
    address = request.client.host if request.client else ""
    try:
        ours.throttle.check(name, address)
    except TooManyTries as error:
        return _login_form(request, ours, next, HTTPStatus.TOO_MANY_REQUESTS, str(error))
    token = logins.log_in(asked, name, password, browser(request))
    if token is None:
        ours.throttle.failed(name, address)
        return _login_form(request, ours, next, HTTPStatus.UNAUTHORIZED, WRONG)
    return logged_in(ours, token, own_place(next))


@routes.post("/logout")
def log_out(request: Request, ours: OurSite, asked: Asked) -> Response:
    """End the session."""
    logins.log_out(asked, session_token(request))
    return logged_out(ours)


@routes.get("/password")
def show_password(request: Request) -> Response:
    """The form to change one's own password."""
    return page(request, "password.html.j2", sentence="")


@routes.post("/password")
def change_password(
    request: Request,
    ours: OurSite,
    asked: Asked,
    who: Who,
    password: Text = "",
    new_password: Text = "",
    again: Text = "",
) -> Response:
    """Change one's own password; all other sessions of the account end, and this one gets a
    new token."""
    try:
        if new_password != again:
            raise WrongUsage("The new passwords do not match; enter the same one twice.")
        token = logins.change_password(
            asked, who.account_id, password, new_password, browser(request)
        )
    except (WrongUsage, NotAllowed) as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page(request, "password.html.j2", status=status, sentence=str(error))
    return logged_in(ours, token, "/")


def _login_form(
    request: Request, ours: Site, next: str, status: int = 200, sentence: str = ""
) -> Response:
    token, new_secret = fresh_form_token(request)
    shown = page(
        request,
        "login.html.j2",
        status=status,
        next=own_place(next),
        sentence=sentence,
        provider=ours.provider is not None,
        no_account=not any_account(ours.database),
        form_token=token,
    )
    if new_secret:
        set_form_cookie(shown, ours, new_secret)
    return shown
