"""A browser's session on the web's side: its cookies and its form token."""

import hashlib
import hmac
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from pipeline.governance.logins import Browser
from review.site import Site, site
from storage.access.passwords import new_token

FORM_COOKIE = "nightreel_form"
"""Of a browser that is not logged in; what a login form's token is made from."""


def browser(request: Request) -> Browser:
    """The browser of a request, as one that logs in."""
    return Browser(session_token(request), site(request).lifetime)


def logged_in(ours: Site, token: str, place: str) -> Response:
    """Give a browser its session's token, and send it on."""
    response = go(place)
    _set(response, ours, _session_cookie(ours), token)
    response.delete_cookie(FORM_COOKIE)
    return response


def logged_out(ours: Site) -> Response:
    """Take the token from a browser, and send it to the login."""
    response = go("/login")
    response.delete_cookie(_session_cookie(ours), secure=ours.secure, httponly=True)
    return response


def session_token(request: Request) -> str:
    """What its cookie says; empty when there is none."""
    return request.cookies.get(_session_cookie(site(request)), "")


def form_token(request: Request) -> str:
    """What proves that a form comes from a page of ours; empty when there was no such page."""
    secret = session_token(request) or request.cookies.get(FORM_COOKIE, "")
    return form_token_of(secret) if secret else ""


def form_token_of(secret: str) -> str:
    """The form token that belongs to a session's token or a stranger's cookie."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def fresh_form_token(request: Request) -> tuple[str, str | None]:
    """A token for a stranger's form, and what to set as cookie when the browser has none yet."""
    if known := form_token(request):
        return known, None
    secret = new_token()
    return form_token_of(secret), secret


def set_form_cookie(response: Response, ours: Site, secret: str) -> None:
    """Give a stranger's browser what its form's token is made from."""
    _set(response, ours, FORM_COOKIE, secret)


def go(place: str) -> Response:
    """Send a browser on, to be asked for with GET."""
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


def own_place(given: str) -> str:
    """A path of this site; of anything else the home page."""
    inside = given.startswith("/") and not given.startswith(("//", "/\\"))
    return given if inside and given.isprintable() else "/"


def _session_cookie(ours: Site) -> str:
    """By its prefix a browser takes it from this very host alone, and over https."""
    return "__Host-nightreel" if ours.secure else "nightreel"


def _set(response: Response, ours: Site, name: str, value: str) -> None:
    # Lax, not strict: who comes back from an OIDC provider is to arrive logged in.
    response.set_cookie(name, value, secure=ours.secure, httponly=True, samesite="lax")
