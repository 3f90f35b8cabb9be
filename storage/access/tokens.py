"""API tokens: each acts for an account, with some of its roles, until it expires."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from errors import NotFound, WrongUsage
from storage import tables
from storage.access import accounts
from storage.access.accounts import Account, Role, account_by_id, find_account
from storage.access.passwords import new_token, token_hash


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its current state, without its secret."""

    id: int
    account: str
    label: str
    roles: frozenset[Role]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    """When it was last used, to the minute; None if never."""

    def is_good(self, now: datetime) -> bool:
        """Whether it is neither revoked nor expired."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Bearer:
    """The account that a token acts for, and its roles."""

    token_id: int
    account: Account
    roles: frozenset[Role]
    used_at: datetime | None


def add_token(
    session: Session,
    *,
    account: str,
    label: str,
    roles: Collection[Role],
    expires_at: datetime,
    now: datetime,
) -> tuple[Token, str]:
    """Create a token; returns it and its secret, which is not stored.

    Raises NotFound for an unknown account, and WrongUsage if no role is given or the account lacks
    one of them.
    """
    owner = find_account(session, account)
    lacking = sorted(set(roles) - owner.roles)
    if lacking or not roles:
        raise WrongUsage(
            f"{account} has no role {', '.join(lacking)}; a token has roles of its account."
            if lacking
            else "A token needs a role; give one of its account's."
        )
    secret = f"nr_{new_token()}"
    row = tables.ApiToken(
        token_sha256=token_hash(secret),
        account_id=owner.id,
        label=label,
        roles=sorted(roles),
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return _token(row, owner.name), secret


def list_tokens(session: Session) -> list[Token]:
    """All tokens, newest first."""
    statement = select(tables.ApiToken, tables.Account.name).join(tables.Account)
    ordered = statement.order_by(col(tables.ApiToken.id).desc())
    return [_token(row, name) for row, name in session.exec(ordered)]


def revoke(session: Session, token_id: int, now: datetime) -> None:
    """Revoke a token, with immediate effect. Raises NotFound."""
    row = session.get(tables.ApiToken, token_id)
    if row is None:
        raise NotFound(f"No token {token_id}; see `nightreel token list`.")
    row.revoked_at = row.revoked_at or now


def bearer(session: Session, secret: str, now: datetime) -> Bearer | None:
    """The bearer of a token; None if it is unknown, revoked or expired, or its account is disabled.

    A role that the account has lost is lost to its tokens, too.
    """
    digest = token_hash(secret)
    statement = select(tables.ApiToken).where(col(tables.ApiToken.token_sha256) == digest)
    row = session.exec(statement).one_or_none()
    if row is None or row.revoked_at is not None or now >= row.expires_at:
        return None
    account = account_by_id(session, row.account_id)
    if account.disabled_at is not None:
        return None
    roles = account.roles & {Role(role) for role in row.roles}
    return Bearer(row.id, account, roles, row.used_at)


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Store that a token, and so its account, is used."""
    row = session.get_one(tables.ApiToken, token_id)
    row.used_at = max(row.used_at or now, now)
    accounts.note_use(session, row.account_id, now)


def actors_of(session: Session, account_id: int) -> list[str]:
    """All actors of an account in the audit log: the account itself, and each of its tokens."""
    tokens = select(tables.ApiToken.id).where(col(tables.ApiToken.account_id) == account_id)
    return [f"account:{account_id}", *(f"token:{id}" for id in session.exec(tokens))]


def account_of(session: Session, actor: str) -> Account | None:
    """The account of an actor of the audit log; None for a worker or a user of the machine."""
    kind, _, number = actor.partition(":")
    if kind == "token":
        token = session.get(tables.ApiToken, int(number))
        return account_by_id(session, token.account_id) if token else None
    return account_by_id(session, int(number)) if kind == "account" else None


def _token(row: tables.ApiToken, account: str) -> Token:
    return Token(
        id=row.id,
        account=account,
        label=row.label,
        roles=frozenset(Role(role) for role in row.roles),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )
