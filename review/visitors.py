"""Who asks: an account behind a session's cookie or a token, or a stranger."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pipeline.act import Caller
from pipeline.judging.review import Reviewer
from review.sessions import session_token
from review.site import site
from storage.access import tokens, web_sessions
from storage.access.accounts import Role, list_accounts
from storage.access.tokens import bearer, list_tokens
from storage.access.web_sessions import NOTED_EVERY
from storage.database.database import Engine, reading, writing


@dataclass(frozen=True, slots=True)
class Visitor:
    """An account, as far as it may act here."""

    account_id: int
    name: str
    roles: frozenset[Role]
    must_change_password: bool = False
    has_password: bool = False
    """Whether it logs in here, and not elsewhere."""
    token_id: int | None = None
    """Of a program."""

    @property
    def reviewer(self) -> Reviewer:
        """As whoever decides on candidates."""
        return Reviewer(self.account_id, self.token_id)

    @property
    def actor(self) -> str:
        """What the audit log calls it."""
        return self.reviewer.actor


STRANGER = Visitor(0, "", frozenset())


def visitor(request: Request) -> Visitor:
    """The visitor whom the guard let in."""
    found: Visitor = request.state.visitor
    return found


Who = Annotated[Visitor, Depends(visitor)]


def caller(request: Request) -> Caller:
    """The visitor as what the steps are asked by; its `now` is the same in the whole request."""
    ours = site(request)
    return Caller(ours.database, visitor(request).actor, ours.now())


Asked = Annotated[Caller, Depends(caller)]


def visitor_of_session(request: Request, *, noted: bool) -> Visitor:
    """Whoever is logged in with this browser; `noted` begins the session's idle time anew."""
    ours, token = site(request), session_token(request)
    now = ours.now()
    if not token:
        return STRANGER
    with reading(ours.database) as session:
        found = web_sessions.find(session, token, ours.lifetime, now)
    if found is None:
        return STRANGER
    if noted and now - found.used_at >= NOTED_EVERY:
        with writing(ours.database) as session:
            web_sessions.note_use(session, token, now)
    account = found.account
    return Visitor(
        account.id,
        account.name,
        account.roles,
        must_change_password=account.must_change_password,
        has_password=account.subject is None,
    )


def visitor_of_token(request: Request) -> Visitor:
    """Whoever a bearer token acts for; a cookie counts for nothing here."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret:
        return STRANGER
    ours = site(request)
    with reading(ours.database) as session:
        found = bearer(session, secret.strip(), ours.now())
    if found is None:
        return STRANGER
    if found.used_at is None or ours.now() - found.used_at >= NOTED_EVERY:
        with writing(ours.database) as session:
            tokens.note_use(session, found.token_id, ours.now())
    return Visitor(found.account.id, found.account.name, found.roles, token_id=found.token_id)


def names_of_actors(database: Engine) -> dict[str, str]:
    """What people call the accounts and tokens that the audit log has by their numbers."""
    with reading(database) as session:
        accounts = {f"account:{one.id}": one.name for one in list_accounts(session)}
        return accounts | {f"token:{one.id}": one.account for one in list_tokens(session)}
