"""List and manage accounts and tokens; at least one account that can manage them remains."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from errors import Conflict, NotAllowed
from pipeline.act import Caller
from storage.access import accounts, tokens
from storage.access.accounts import MANAGER, Account, Role
from storage.access.audit import Action
from storage.access.passwords import hash_password, one_time_password
from storage.access.tokens import Token
from storage.database.database import Engine, Session, reading, writing


@dataclass(frozen=True, slots=True)
class Accounts:
    """Every account, by name, and every token, the newest first."""

    accounts: list[Account]
    tokens: list[Token]


@dataclass(frozen=True, slots=True)
class NewPassword:
    """An account and its one-time password, which is shown once and not stored."""

    account: Account
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token and its secret, which is shown once and not stored."""

    token: Token
    secret: str = field(repr=False)


def any_account(database: Engine) -> bool:
    """Whether any account exists."""
    with reading(database) as session:
        return accounts.any_account(session)


def list_accounts(caller: Caller) -> Accounts:
    """All accounts and tokens. Raises StoreUnavailable."""
    with reading(caller.database) as session:
        return Accounts(accounts.list_accounts(session), tokens.list_tokens(session))


def account_by_id(caller: Caller, account_id: int) -> Account:
    """One account. Raises NotFound."""
    with reading(caller.database) as session:
        return accounts.account_by_id(session, account_id)


def account_called(caller: Caller, name: str) -> Account:
    """The account with this name. Raises NotFound."""
    with reading(caller.database) as session:
        return accounts.find_account(session, name)


def names_of_actors(caller: Caller) -> dict[str, str]:
    """Account names by actor as in the audit log: `account:ID`, or `token:ID` for its account."""
    with reading(caller.database) as session:
        names = {
            f"account:{account.id}": account.name for account in accounts.list_accounts(session)
        }
        return names | {f"token:{token.id}": token.account for token in tokens.list_tokens(session)}


def create_account(caller: Caller, name: str, roles: Collection[Role]) -> NewPassword:
    """Create an account with a one-time password. Raises WrongUsage, Conflict for a taken name."""
    password = one_time_password()
    password_hash = hash_password(password)
    with writing(caller.database) as session:
        made = accounts.add_account(
            session, name=name, roles=roles, password_hash=password_hash, now=caller.now
        )
        act = caller.act(Action.ACCOUNT_CREATED)
        act.record(session, None, account_id=made.id, role=_code(roles))
    return NewPassword(made, password)


def reset_password(caller: Caller, account_id: int) -> NewPassword:
    """Give an account a new one-time password; its sessions end.

    Raises NotFound, Conflict for an account that logs in through an identity provider.
    """
    password = one_time_password()
    password_hash = hash_password(password)
    with writing(caller.database) as session:
        name = accounts.account_by_id(session, account_id).name
        accounts.set_password(session, name, password_hash, one_time=True)
        caller.act(Action.PASSWORD_CHANGED).record(session, None, account_id=account_id)
        return NewPassword(accounts.account_by_id(session, account_id), password)


def set_roles(caller: Caller, account_id: int, roles: Collection[Role]) -> Account:
    """Replace the roles of an account. Raises as `_changing`, and WrongUsage."""
    with _changing(caller, account_id, what="roles", role=_code(roles)) as (session, name):
        accounts.set_roles(session, name, roles)
        return accounts.account_by_id(session, account_id)


def disable(caller: Caller, account_id: int) -> Account:
    """Disable an account's login; its sessions end. Raises as `_changing`."""
    with _changing(caller, account_id, what="disabled") as (session, name):
        accounts.disable(session, name, caller.now)
        return accounts.account_by_id(session, account_id)


def enable(caller: Caller, account_id: int) -> Account:
    """Enable a disabled account's login. Raises as `_changing`."""
    with _changing(caller, account_id, what="enabled") as (session, name):
        accounts.enable(session, name)
        return accounts.account_by_id(session, account_id)


def create_token(
    caller: Caller, account: str, roles: Collection[Role], *, label: str, days: int
) -> NewToken:
    """Create a token for an account, valid for this many days.

    Raises NotFound, WrongUsage for a role that the account lacks.
    """
    with writing(caller.database) as session:
        made, secret = tokens.add_token(
            session,
            account=account,
            label=label,
            roles=roles,
            expires_at=caller.now + timedelta(days=days),
            now=caller.now,
        )
        caller.act(Action.TOKEN_CREATED).record(session, None, token_id=made.id)
    return NewToken(made, secret)


def revoke_token(caller: Caller, token_id: int) -> None:
    """Revoke a token immediately. Raises NotFound."""
    with writing(caller.database) as session:
        tokens.revoke(session, token_id, caller.now)
        caller.act(Action.TOKEN_REVOKED).record(session, None, token_id=token_id)


@contextmanager
def _changing(caller: Caller, account_id: int, **what: str) -> Iterator[tuple[Session, str]]:
    """A session to change an account in, and the account's name; the change is recorded.

    Raises NotFound, NotAllowed for the caller's own account, Conflict when no account that can
    manage accounts would remain.
    """
    with writing(caller.database) as session:
        managed = accounts.managers(session)
        account = accounts.account_by_id(session, account_id)
        _refuse_own(caller, session, account)
        yield session, account.name
        session.flush()
        if managed and not accounts.managers(session):
            raise Conflict(
                f"{account.name} is the last account that can manage accounts; "
                f"give another account the role {MANAGER} first."
            )
        caller.act(Action.ACCOUNT_CHANGED).record(session, None, account_id=account.id, **what)


def _refuse_own(caller: Caller, session: Session, account: Account) -> None:
    if caller.actor in tokens.actors_of(session, account.id):
        raise NotAllowed("You cannot change or disable your own account; ask another operator.")


def _code(roles: Collection[Role]) -> str:
    """The roles as written to the audit log."""
    return "+".join(sorted(set(roles)))
