"""Who may ask for what: the one table of it, and the guard that holds it.

A route that is not in the table cannot be made. The guard acts before anything of a request's body
is read: it finds out who asks, refuses whoever has no role for it, and asks every request that may
change something for the form token of its page.
"""

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from errors import NotAllowed, NotLoggedIn, TooLarge, WrongUsage
from review.sessions import form_token
from review.visitors import STRANGER, Visitor, visitor_of_session, visitor_of_token
from storage.accounts import Role

UPLOADER, ANALYST, REVIEWER = Role.UPLOADER, Role.ANALYST, Role.REVIEWER
SUPERVISOR, AUDITOR, OPERATOR = Role.SUPERVISOR, Role.AUDITOR, Role.OPERATOR
HAND_IN = (UPLOADER, ANALYST, SUPERVISOR)
SEE_FOOTAGE = (UPLOADER, ANALYST, REVIEWER, SUPERVISOR)
"""An uploader sees what they handed in themselves."""
SEE_QUEUE = (OPERATOR, SUPERVISOR)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/"
Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Access:
    """What a route asks of whoever wants it."""

    roles: frozenset[Role]
    """One of these is enough."""
    public: bool = False
    """Nobody need have logged in."""
    polled: bool = False
    """Pages ask for it by themselves: that does not show that somebody sits there."""
    most_bytes: int | None = 1_000_000
    """What a request may bring; None where it is a stream that is looked after elsewhere."""


def only(*roles: Role, **others: Any) -> Access:
    """For accounts with one of these roles."""
    return Access(frozenset(roles), **others)


PUBLIC = Access(frozenset(), public=True)
ANYBODY = Access(frozenset(Role))
"""Whoever has logged in."""
WHOEVER_LOOKS = only(ANALYST, REVIEWER, SUPERVISOR)
"""Whoever may look at a face."""
CASEWORK = only(ANALYST, SUPERVISOR)
MOST_PHOTO_BYTES = 100_000_000
WHOEVER_SEARCHES = only(ANALYST, SUPERVISOR)
CANDIDATE = "/candidates/{case_id}/{person}/{appearance}"

ACCESS: dict[str, Access] = {
    "GET /login": PUBLIC,
    "POST /login": PUBLIC,
    "GET /login/provider": PUBLIC,
    "GET /login/provider/answer": PUBLIC,
    "POST /logout": ANYBODY,
    "GET /password": ANYBODY,
    "POST /password": ANYBODY,
    "GET /": ANYBODY,
    "GET /retention": only(SUPERVISOR),
    "POST /retention/case": only(SUPERVISOR),
    "POST /retention/due": only(SUPERVISOR),
    "GET /review": only(REVIEWER),
    "GET /review/{case_id}": only(REVIEWER),
    "GET /review/{case_id}/{person}/{appearance}": only(REVIEWER),
    "POST /review/{case_id}/{person}/{appearance}/verdict": only(REVIEWER),
    "POST /review/{case_id}/{person}/{appearance}/undo": only(REVIEWER),
    "GET /cases": CASEWORK,
    "POST /cases": CASEWORK,
    "GET /cases/{case_id}": CASEWORK,
    "POST /cases/{case_id}/people": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    "GET /cases/{case_id}/photos/{photo}": CASEWORK,
    "GET /cases/{case_id}/candidates": CASEWORK,
    "GET /cases/{case_id}/candidates/{person}/{appearance}": CASEWORK,
    "POST /cases/{case_id}/candidates/{person}/{appearance}/override": only(SUPERVISOR),
    "POST /cases/{case_id}/export": only(SUPERVISOR),
    "POST /cases/{case_id}/decoys": only(SUPERVISOR),
    "POST /cases/{case_id}/decoys/stop": only(SUPERVISOR),
    "GET /search": only(ANALYST),
    "POST /search": only(ANALYST, most_bytes=MOST_PHOTO_BYTES),
    "GET /search/{case_id}/{appearance}/crops/{place}": only(ANALYST),
    f"GET {CANDIDATE}/crops/{{place}}": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/references/{{reference}}": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/clip.mp4": WHOEVER_LOOKS,
    f"GET {CANDIDATE}/clip-unblurred.mp4": WHOEVER_LOOKS,
    "GET /groups": WHOEVER_SEARCHES,
    "GET /groups/{case_id}": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/make": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/merge": WHOEVER_SEARCHES,
    "GET /groups/{case_id}/{group_id}": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/{group_id}/split": WHOEVER_SEARCHES,
    "POST /groups/{case_id}/{group_id}/promote": WHOEVER_SEARCHES,
    "GET /groups/{case_id}/{group_id}/crops/{appearance}": WHOEVER_SEARCHES,
    "GET /recordings": only(*SEE_FOOTAGE),
    "GET /recordings/list": only(*SEE_FOOTAGE, polled=True),
    "GET /recordings/{analysis_id}": only(*SEE_FOOTAGE),
    "OPTIONS /uploads": only(*HAND_IN),
    "POST /uploads": only(*HAND_IN),
    "HEAD /uploads/{upload_id}": only(*HAND_IN),
    "PATCH /uploads/{upload_id}": only(*HAND_IN, most_bytes=None),
    "DELETE /uploads/{upload_id}": only(*HAND_IN),
    "GET /queue": only(*SEE_QUEUE),
    "GET /queue/state": only(*SEE_QUEUE, polled=True),
    "GET /audit": only(AUDITOR),
    "POST /audit/check": only(AUDITOR),
    "GET /audit/export": only(AUDITOR),
    "POST /audit/checkpoint": only(AUDITOR),
    "GET /api/v1/openapi.json": PUBLIC,
    "GET /api/v1/docs": PUBLIC,
    "GET /api/v1/me": ANYBODY,
    "GET /api/v1/recordings": only(*SEE_FOOTAGE),
    "GET /api/v1/recordings/{analysis_id}": only(*SEE_FOOTAGE),
    "GET /api/v1/uploads": only(*HAND_IN),
    "OPTIONS /api/v1/uploads": only(*HAND_IN),
    "POST /api/v1/uploads": only(*HAND_IN),
    "HEAD /api/v1/uploads/{upload_id}": only(*HAND_IN),
    "PATCH /api/v1/uploads/{upload_id}": only(*HAND_IN, most_bytes=None),
    "DELETE /api/v1/uploads/{upload_id}": only(*HAND_IN),
    "GET /api/v1/cases": only(ANALYST, REVIEWER, SUPERVISOR),
    "GET /api/v1/queue": only(*SEE_QUEUE),
    "GET /api/v1/audit": only(AUDITOR),
    "POST /api/v1/audit/check": only(AUDITOR),
    "POST /api/v1/audit/checkpoint": only(AUDITOR),
}
"""Method and path of every route. Whoever adds one adds a line here."""

FOR_A_NEW_PASSWORD = frozenset({"GET /password", "POST /password", "POST /logout"})
"""All that an account may do that has a password for one time."""


def router(prefix: str = "", **options: Any) -> APIRouter:
    """A router whose every route stands in the table."""
    shown = prefix.startswith(API)
    return APIRouter(prefix=prefix, route_class=GuardedRoute, include_in_schema=shown, **options)


class PasswordExpected(NotAllowed):
    """An account with a password for one time wants something else than to change it."""


class GuardedRoute(APIRoute):
    """A route that its visitor may use, or it is not reached. Raises LookupError when made without
    an entry in the table."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        for name in names_of(self):
            if name not in ACCESS:
                raise LookupError(f"{name} has no entry in review.access.ACCESS")

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        asked_for = {parameter.alias for parameter in self.dependant.query_params}

        async def guarded(request: Request) -> Response:
            await _let_in(request, f"{request.method} {self.path}")
            if request.url.path.startswith(API) and set(request.query_params) - asked_for:
                raise WrongUsage("This takes no such parameter; see /api/v1/docs.")
            return await handle(request)

        return guarded


def names_of(route: APIRoute) -> list[str]:
    """A route's entries in the table."""
    return [f"{method} {route.path}" for method in sorted(route.methods or ())]


def may(visitor: Visitor, name: str) -> bool:
    """Whether a visitor may use a route; False for one that does not exist."""
    access = ACCESS.get(name)
    return access is not None and (access.public or bool(access.roles & visitor.roles))


async def _let_in(request: Request, name: str) -> None:
    access, by_token = ACCESS[name], request.url.path.startswith(API)
    if by_token:
        visitor = await run_in_threadpool(visitor_of_token, request)
    else:
        visitor = await run_in_threadpool(visitor_of_session, request, noted=not access.polled)
    request.state.visitor = visitor
    if visitor is STRANGER and not access.public:
        raise NotLoggedIn("Give a token that is good." if by_token else "Log in to see this.")
    if visitor.must_change_password and name not in FOR_A_NEW_PASSWORD:
        raise PasswordExpected("This password was for one time; choose one of your own first.")
    if not may(visitor, name):
        raise NotAllowed("Your account has no role for this; ask whoever manages the accounts.")
    _check_length(request, access.most_bytes)
    if request.method not in SAFE and not by_token:
        await _ask_for_form_token(request)


def _check_length(request: Request, most_bytes: int | None) -> None:
    if most_bytes is None:
        return
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdecimal():
        raise WrongUsage("A request says how long it is; give its Content-Length.")
    if int(length) > most_bytes:
        raise TooLarge("That is more than is taken here at once; make it smaller.")


async def _ask_for_form_token(request: Request) -> None:
    given = request.headers.get("x-form-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("form_token", ""))
    expected = form_token(request)
    if not expected or not hmac.compare_digest(expected.encode(), (given or "").encode()):
        raise NotAllowed("This form is too old or not ours; load the page again and repeat it.")
