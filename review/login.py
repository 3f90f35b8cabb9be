"""Logging in, logging out, and a password of one's own."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response

from errors import NotAllowed, NotFound, TooManyTries, WrongUsage
from review import sessions
from review.guard import router
from review.pages import page
from review.sessions import fresh_form_token, go, own_place, set_form_cookie
from review.site import OurSite, Site
from review.visitors import STRANGER, Who
from storage.access.accounts import any_account, find_account, password_hash_of, set_password
from storage.access.audit import Action
from storage.access.passwords import hash_password, password_fits
from storage.database.database import reading, writing

WRONG = "Wrong account name or password."
Text = Annotated[str, Form()]
routes = router()


@routes.get("/login")
def show_login(request: Request, ours: OurSite, who: Who, next: str = "/") -> Response:
    """The form; whoever is logged in goes where they wanted to."""
    if who is not STRANGER:
        return go(own_place(next))
    return _login_form(request, ours, next)


@routes.post("/login")
def log_in(
    request: Request, ours: OurSite, name: Text = "", password: Text = "", next: Text = "/"
) -> Response:
    """Begin a session when the password is right; say no more than that it is not."""
    name = name.strip().lower()
    address = request.client.host if request.client else ""
    try:
        ours.throttle.check(name, address)
    except TooManyTries as error:
        return _login_form(request, ours, next, HTTPStatus.TOO_MANY_REQUESTS, str(error))
    with reading(ours.database) as session:
        kept = password_hash_of(session, name)
    if not password_fits(password, kept):
        ours.throttle.failed(name, address)
        _record_failure(ours, name)
        return _login_form(request, ours, next, HTTPStatus.UNAUTHORIZED, WRONG)
    with writing(ours.database) as session:
        account = find_account(session, name)
        return sessions.begin(request, session, ours, account.id, own_place(next))


@routes.post("/logout")
def log_out(request: Request, ours: OurSite, who: Who) -> Response:
    """End the session."""
    return sessions.end(request, ours, who.actor)


@routes.get("/password")
def show_password(request: Request) -> Response:
    """The form to change one's own."""
    return page(request, "password.html.j2", sentence="")


@routes.post("/password")
def change_password(
    request: Request,
    ours: OurSite,
    who: Who,
    password: Text = "",
    new_password: Text = "",
    again: Text = "",
) -> Response:
    """Change one's own; all other sessions of the account end, and this one gets a new token."""
    try:
        kept = _new_password(ours, who.name, password, new_password, again)
    except (WrongUsage, NotAllowed) as error:
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return page(request, "password.html.j2", status=status, sentence=str(error))
    with writing(ours.database) as session:
        set_password(session, who.name, kept, one_time=False)
        ours.record(session, who.actor, Action.PASSWORD_CHANGED, account_id=who.account_id)
        return sessions.begin(request, session, ours, who.account_id, "/")


def _record_failure(ours: Site, name: str) -> None:
    """By the account's number; of a name that is nobody's nothing is kept: it may be a password
    in the wrong field."""
    with writing(ours.database) as session:
        try:
            known = {"account_id": find_account(session, name).id}
        except NotFound:
            known = {}
        ours.record(session, "anonymous", Action.LOGIN_REFUSED, **known)


def _new_password(ours: Site, name: str, password: str, new_password: str, again: str) -> str:
    if new_password != again:
        raise WrongUsage("The new passwords do not match; enter the same one twice.")
    if new_password == password:
        raise WrongUsage("The new password is the same as the current one; choose another.")
    with reading(ours.database) as session:
        kept = password_hash_of(session, name)
    if not password_fits(password, kept):
        raise NotAllowed("The current password is wrong; enter it again.")
    return hash_password(new_password)


def _login_form(
    request: Request, ours: Site, next: str, status: int = 200, sentence: str = ""
) -> Response:
    token, new_secret = fresh_form_token(request)
    with reading(ours.database) as session:
        no_account = not any_account(session)
    shown = page(
        request,
        "login.html.j2",
        status=status,
        next=own_place(next),
        sentence=sentence,
        provider=ours.provider is not None,
        no_account=no_account,
        form_token=token,
    )
    if new_secret:
        set_form_cookie(shown, ours, new_secret)
    return shown
