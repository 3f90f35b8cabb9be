"""Who asks: the account of a session's cookie or of a token, or a visitor without login."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pipeline.act import ANONYMOUS, Caller
from pipeline.governance.logins import account_in_session, bearer_of
from review.sessions import session_token
from review.site import site
from storage.access.accounts import Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """An account, with the roles it has in this request."""

    account_id: int
    name: str
    roles: frozenset[Role]
    must_change_password: bool = False
    has_password: bool = False
    """Whether it logs in here, not at an identity provider."""
    token_id: int | None = None
    """The token of a program; None for a browser."""

    @property
    def actor(self) -> str:
        """The actor as the audit log writes it."""
        if self.token_id is not None:
            return f"token:{self.token_id}"
        return f"account:{self.account_id}" if self.account_id else ANONYMOUS


STRANGER = Visitor(0, "", frozenset())


def visitor(request: Request) -> Visitor:
    """The visitor that the guard let in."""
    found: Visitor = request.state.visitor
    return found


Who = Annotated[Visitor, Depends(visitor)]


def caller(request: Request) -> Caller:
    """The visitor as the caller of the steps; the clock is read once a request."""
    state = request.state
    if not hasattr(state, "now"):
        state.now = site(request).now()
    current = getattr(state, "visitor", STRANGER)
    return Caller(site(request).database, current.actor, state.now)


Asked = Annotated[Caller, Depends(caller)]


def visitor_of_session(request: Request, *, noted: bool) -> Visitor:
    """The account this browser is logged in with; `noted` restarts the session's idle time."""
    token = session_token(request)
    if not token:
        return STRANGER
    account = account_in_session(caller(request), token, site(request).lifetime, noted=noted)
    if account is None:
        return STRANGER
    return Visitor(
        account.id,
        account.name,
        account.roles,
        must_change_password=account.must_change_password,
        has_password=account.subject is None,
    )


def visitor_of_token(request: Request) -> Visitor:
    """The account a bearer token acts for; a cookie is ignored here."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return STRANGER
    bearer = bearer_of(caller(request), secret.strip())
    if bearer is None:
        return STRANGER
    return Visitor(bearer.account.id, bearer.account.name, bearer.roles, token_id=bearer.token_id)
