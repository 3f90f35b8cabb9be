"""The guard of every route: visitors reach only what the table in `review.access` allows.

A route that is not in the table cannot be created. The guard acts before a request's body is read:
it determines who asks, refuses visitors without a role for the route, and requires the form token
of its page from every request that may change something.
"""

import hmac
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from errors import NotAllowed, NotFound, NotLoggedIn, TooLarge, WrongUsage
from review.access import ACCESS, may
from review.numbers import MOST
from review.sessions import form_token
from review.visitors import STRANGER, visitor_of_session, visitor_of_token

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
API = "/api/"
FOR_A_NEW_PASSWORD = frozenset({"GET /password", "POST /password", "POST /logout"})
"""All that an account with a one-time password may do."""


def router(prefix: str = "", **options: Any) -> APIRouter:
    """A router whose routes must all be in the table."""
    shown = prefix.startswith(API)
    return APIRouter(
        prefix=prefix,
        route_class=GuardedRoute,
        include_in_schema=shown,
        generate_unique_id_function=_noun_and_verb,
        **options,
    )


class PasswordExpected(NotAllowed):
    """An account with a one-time password requested something other than to change it."""


class GuardedRoute(APIRoute):
    """A route that only visitors who may use it reach. Raises LookupError when created without
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
            if request.url.path.startswith(API):
                _refuse_unknown(set(request.query_params) - asked_for)
            else:
                _refuse_beyond_all_numbers(request.path_params)
            return await handle(request)

        return guarded


def names_of(route: APIRoute) -> list[str]:
    """A route's entries in the table."""
    return [f"{method} {route.path}" for method in sorted(route.methods or ())]


def _refuse_unknown(parameters: set[str]) -> None:
    if parameters:
        named = ", ".join(f"“{name}”" for name in sorted(parameters))
        raise WrongUsage(f"Unknown parameter {named}; see /api/v1/docs.")


def _refuse_beyond_all_numbers(parts: Mapping[str, str]) -> None:
    """Refuse numbers too large for any database; the API's numbers have their own limits."""
    if any(part.isdecimal() and int(part) > MOST for part in parts.values()):
        raise NotFound("Nothing has this number.")


def _noun_and_verb(route: APIRoute) -> str:
    """The name of an operation in clients that are generated from the description."""
    return "_".join([*map(str, route.tags), route.name])


async def _let_in(request: Request, name: str) -> None:
    access, by_token = ACCESS[name], request.url.path.startswith(API)
    if by_token:
        visitor = await run_in_threadpool(visitor_of_token, request)
    else:
        visitor = await run_in_threadpool(visitor_of_session, request, noted=not access.polled)
    request.state.visitor = visitor
    if visitor is STRANGER and not access.public:
        raise NotLoggedIn("Missing or invalid token." if by_token else "Log in to view this page.")
    if visitor.must_change_password and name not in FOR_A_NEW_PASSWORD:
        raise PasswordExpected("You used a one-time password; choose your own password first.")
    if not may(visitor, name):
        raise NotAllowed("Your account has no role for this; ask an administrator.")
    _check_length(request, access.most_bytes)
    if request.method not in SAFE and not by_token:
        await _ask_for_form_token(request)


def _check_length(request: Request, most_bytes: int | None) -> None:
    if most_bytes is None:
        return
    length = request.headers.get("content-length", "0")
    if "transfer-encoding" in request.headers or not length.isdecimal():
        raise WrongUsage("The request has no Content-Length; add it.")
    if int(length) > most_bytes:
        raise TooLarge("The request is too large; send less at once.")


async def _ask_for_form_token(request: Request) -> None:
    given = request.headers.get("x-form-token")
    if given is None and "form" in request.headers.get("content-type", ""):
        given = str((await request.form()).get("form_token", ""))
    expected = form_token(request)
    if not expected or not hmac.compare_digest(expected.encode(), (given or "").encode()):
        raise NotAllowed("The form has expired; reload the page and try again.")
