"""A browser's session: its cookie, its form token, its beginning and its end."""

import hashlib
import hmac
from http import HTTPStatus

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from review.site import Site, site
from storage.access import web_sessions
from storage.access.audit import Action
from storage.access.passwords import new_token
from storage.database.database import Session, writing

FORM_COOKIE = "nightreel_form"
"""Of a browser that is not logged in; what a login form's token is made from."""


def begin(request: Request, session: Session, ours: Site, account_id: int, place: str) -> Response:
    """Log a browser in, under a new token whatever it had before, and send it on."""
    now = ours.now()
    web_sessions.sweep(session, ours.lifetime, now)
    web_sessions.end(session, session_token(request))
    token = web_sessions.begin(session, account_id, now)
    ours.record(session, f"account:{account_id}", Action.LOGGED_IN)
    response = go(place)
    _set(response, ours, _session_cookie(ours), token)
    response.delete_cookie(FORM_COOKIE)
    return response


def end(request: Request, ours: Site, actor: str) -> Response:
    """Log it out, here and in the database."""
    with writing(ours.database) as session:
        web_sessions.end(session, session_token(request))
        ours.record(session, actor, Action.LOGGED_OUT)
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
