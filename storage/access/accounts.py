"""User accounts and their roles."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, delete, select

from errors import Conflict, NotFound, WrongUsage
from storage import tables
from storage.database.upsert import insert_if_new

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,62}")


class Role(StrEnum):
    """What an account may do; one account may have several."""

    UPLOADER = "uploader"
    """Uploads footage."""
    ANALYST = "analyst"
    """Works on cases: people, searches, footage."""
    REVIEWER = "reviewer"
    """Reviews candidates."""
    SUPERVISOR = "supervisor"
    """Responsible for cases, reviews and exports."""
    AUDITOR = "auditor"
    """Reads the audit log, and changes nothing."""
    OPERATOR = "operator"
    """Runs the machine: sees queues, but never a face."""


MANAGER = Role.OPERATOR
"""The role that manages accounts; an operator of the machine could do so anyway."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account with its current state."""

    id: int
    name: str
    roles: frozenset[Role]
    must_change_password: bool
    subject: str | None
    """Issuer and subject of an OIDC provider; None for a local account."""
    created_at: datetime
    disabled_at: datetime | None
    used_at: datetime | None
    """When it was last used, to the minute; None if never."""

    @property
    def state(self) -> str:
        """The state in words."""
        if self.disabled_at:
            return "disabled"
        if self.subject:
            return "external login"
        return "one-time password" if self.must_change_password else "active"


def add_account(
    session: Session,
    *,
    name: str,
    roles: Collection[Role],
    password_hash: str | None,
    now: datetime,
    subject: str | None = None,
) -> Account:
    """Create an account; a password given here is a one-time password.

    Raises WrongUsage for an invalid name or no role, and Conflict if the name exists.
    """
    _check(name, roles)
    is_new = insert_if_new(
        session,
        tables.Account,
        name=name,
        roles=sorted(set(roles)),
        password_hash=password_hash,
        must_change_password=password_hash is not None,
        subject=subject,
        created_at=now,
    )
    if not is_new:
        raise Conflict(f"Account {name} already exists; choose another name.")
    return find_account(session, name)


def find_account(session: Session, name: str) -> Account:
    """An account by its name. Raises NotFound."""
    return _account(_row(session, name))


def account_by_id(session: Session, account_id: int) -> Account:
    """An account by its id. Raises NotFound."""
    row = session.get(tables.Account, account_id)
    if row is None:
        raise NotFound("No such account.")
    return _account(row)


def account_of_subject(session: Session, subject: str) -> Account | None:
    """The account of a subject of an OIDC provider; None if there is none."""
    statement = select(tables.Account).where(col(tables.Account.subject) == subject)
    row = session.exec(statement).one_or_none()
    return _account(row) if row else None


def list_accounts(session: Session) -> list[Account]:
    """All accounts, by name."""
    ordered = select(tables.Account).order_by(col(tables.Account.name))
    return [_account(row) for row in session.exec(ordered)]


def managers(session: Session) -> list[Account]:
    """The enabled accounts that can manage accounts; locks all accounts until the commit."""
    # Otherwise two that disable each other at the same time would each still see the other one.
    every = select(tables.Account).order_by(col(tables.Account.id)).with_for_update()
    rows = session.exec(every.execution_options(populate_existing=True)).all()
    enabled = [_account(row) for row in rows if row.disabled_at is None]
    return [account for account in enabled if MANAGER in account.roles]


def note_use(session: Session, account_id: int, now: datetime) -> None:
    """Store that an account is used."""
    row = session.get_one(tables.Account, account_id)
    row.used_at = max(row.used_at or now, now)


def any_account(session: Session) -> bool:
    """Whether there is any account."""
    return session.exec(select(tables.Account.id).limit(1)).first() is not None


def password_hash_of(session: Session, name: str) -> str | None:
    """The hash of an account's password; None if it has none, is disabled or does not exist."""
    statement = select(tables.Account.password_hash).where(
        col(tables.Account.name) == name, col(tables.Account.disabled_at).is_(None)
    )
    return session.exec(statement).one_or_none()


def set_password(session: Session, name: str, password_hash: str, *, one_time: bool) -> None:
    """Change an account's password and end all its sessions.

    Raises NotFound, and Conflict for an account of an identity provider.
    """
    row = _row(session, name)
    if row.subject is not None:
        raise Conflict(f"{name} logs in through an identity provider and has no password here.")
    row.password_hash, row.must_change_password = password_hash, one_time
    _end_sessions(session, row.id)


def set_roles(session: Session, name: str, roles: Collection[Role]) -> None:
    """Replace the roles of an account. Raises NotFound and WrongUsage."""
    _check(name, roles)
    _row(session, name).roles = sorted(set(roles))


def disable(session: Session, name: str, now: datetime) -> None:
    """Disable an account: it cannot log in, and its sessions end at once. Raises NotFound."""
    row = _row(session, name)
    row.disabled_at = row.disabled_at or now
    _end_sessions(session, row.id)


def enable(session: Session, name: str) -> None:
    """Enable an account again. Raises NotFound."""
    _row(session, name).disabled_at = None


def _check(name: str, roles: Collection[Role]) -> None:
    if not _NAME.fullmatch(name):
        raise WrongUsage(
            "An account name has up to 63 lower-case letters, digits and . _ @ + -; choose "
            "another one."
        )
    if not roles:
        raise WrongUsage(f"An account needs a role; give one of {', '.join(Role)}.")


def _end_sessions(session: Session, account_id: int) -> None:
    session.exec(delete(tables.WebSession).where(col(tables.WebSession.account_id) == account_id))


def _row(session: Session, name: str) -> tables.Account:
    statement = select(tables.Account).where(col(tables.Account.name) == name)
    row = session.exec(statement).one_or_none()
    if row is None:
        raise NotFound(f"No account {name}; see `nightreel account list`.")
    return row


def _account(row: tables.Account) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        roles=frozenset(Role(role) for role in row.roles),
        must_change_password=row.must_change_password,
        subject=row.subject,
        created_at=row.created_at,
        disabled_at=row.disabled_at,
        used_at=row.used_at,
    )
