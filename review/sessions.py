"""The session of a browser: its cookies and its form token."""

import hashlib
import hmac
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from pipeline.governance.logins import Browser
from review.site import Site, site
from storage.access.passwords import new_token

FORM_COOKIE = "nightreel_form"
"""For a browser that is not logged in; a login form's token is made from it."""


def browser(request: Request) -> Browser:
    """The browser that sent a request, as a login needs it."""
    return Browser(session_token(request), site(request).lifetime)


def logged_in(ours: Site, token: str, place: str) -> Response:
    """Set the session cookie of a browser, and redirect it."""
    response = go(place)
    _set(response, ours, _session_cookie(ours), token)
    response.delete_cookie(FORM_COOKIE)
    return response


def logged_out(ours: Site) -> Response:
    """Delete the session cookie of a browser, and redirect it to the login."""
    response = go("/login")
    response.delete_cookie(_session_cookie(ours), secure=ours.secure, httponly=True)
    return response


def session_token(request: Request) -> str:
    """The token in the session cookie; empty when there is none."""
    return request.cookies.get(_session_cookie(site(request)), "")


def form_token(request: Request) -> str:
    """The token that proves that a form comes from our page; empty when there was no such page."""
    secret = session_token(request) or request.cookies.get(FORM_COOKIE, "")
    return form_token_of(secret) if secret else ""


def form_token_of(secret: str) -> str:
    """The form token for a session's token, or for the cookie of a browser without a session."""
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def fresh_form_token(request: Request) -> tuple[str, str | None]:
    """A form token for a browser without a session, and the cookie to set if it has none yet."""
    if token := form_token(request):
        return token, None
    secret = new_token()
    return form_token_of(secret), secret


def set_form_cookie(response: Response, ours: Site, secret: str) -> None:
    """Set the cookie from which the form token of a browser without a session is made."""
    _set(response, ours, FORM_COOKIE, secret)


def go(place: str) -> Response:
    """Redirect a browser, which then sends GET."""
    return RedirectResponse(place, HTTPStatus.SEE_OTHER)


def own_place(given: str) -> str:
    """The path if it is of this site; otherwise the home page."""
    inside = given.startswith("/") and not given.startswith(("//", "/\\"))
    return given if inside and given.isprintable() else "/"


def _session_cookie(ours: Site) -> str:
    """Because of its prefix, a browser accepts it from this very host alone, and over https."""
    return "__Host-nightreel" if ours.secure else "nightreel"


def _set(response: Response, ours: Site, name: str, value: str) -> None:
    # Lax, not strict: a user who returns from an OIDC provider must arrive logged in.
    response.set_cookie(name, value, secure=ours.secure, httponly=True, samesite="lax")
