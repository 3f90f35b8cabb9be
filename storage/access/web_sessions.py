"""Logged-in browsers. The token is in the cookie; only its hash is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, func, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from storage import tables
from storage.access import accounts
from storage.access.accounts import Account, account_by_id
from storage.access.passwords import new_token, token_hash

NOTED_EVERY = timedelta(minutes=1)
"""How often a session's last use is stored; not at every request."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a session lasts."""

    idle: timedelta = timedelta(minutes=30)
    longest: timedelta = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """A valid session."""

    account: Account
    used_at: datetime


def begin(session: Session, account_id: int, now: datetime) -> str:
    """Begin a session and return its token, which is not stored."""
    token = new_token()
    row = tables.WebSession(
        token_sha256=token_hash(token), account_id=account_id, began_at=now, used_at=now
    )
    session.add(row)
    accounts.note_use(session, account_id, now)
    return token


def find(session: Session, token: str, lifetime: Lifetime, now: datetime) -> LoggedIn | None:
    """The session of a token; None if it is unknown or over, or its account is disabled."""
    row = session.exec(_of(token)).one_or_none()
    if row is None or now - row.used_at >= lifetime.idle or now - row.began_at >= lifetime.longest:
        return None
    account = account_by_id(session, row.account_id)
    return None if account.disabled_at else LoggedIn(account, row.used_at)


def note_use(session: Session, token: str, now: datetime) -> None:
    """Restart its idle time."""
    row = session.exec(_of(token)).one_or_none()
    if row is not None:
        row.used_at = max(row.used_at, now)
        accounts.note_use(session, row.account_id, now)


def end(session: Session, token: str) -> None:
    """End a session; ending it again changes nothing."""
    digest = token_hash(token)
    session.exec(delete(tables.WebSession).where(col(tables.WebSession.token_sha256) == digest))


def sweep(session: Session, lifetime: Lifetime, now: datetime) -> None:
    """Delete sessions that are over."""
    columns = tables.WebSession
    over = or_(
        col(columns.used_at) <= now - lifetime.idle, col(columns.began_at) <= now - lifetime.longest
    )
    session.exec(delete(tables.WebSession).where(over))


def count(session: Session) -> int:
    """The number of stored sessions, including those that are over."""
    return session.exec(select(func.count()).select_from(tables.WebSession)).one()


def _of(token: str) -> SelectOfScalar[tables.WebSession]:
    return select(tables.WebSession).where(col(tables.WebSession.token_sha256) == token_hash(token))
