"""Log in and out, and find the account of a session or a token."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from itertools import count

from errors import NotAllowed, NotFound, WrongUsage
from pipeline.act import ANONYMOUS, Caller
from storage.access import accounts, tokens, web_sessions
from storage.access.accounts import Account, Role
from storage.access.audit import Action
from storage.access.passwords import hash_password, password_fits
from storage.access.tokens import Bearer
from storage.access.web_sessions import NOTED_EVERY, Lifetime
from storage.database.database import Session, reading, writing


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that logs in."""

    token: str
    """The token of its current session; empty if it has none."""
    lifetime: Lifetime
    """The lifetime of every session."""


def account_in_session(
    caller: Caller, token: str, lifetime: Lifetime, *, noted: bool
) -> Account | None:
    """The account that is logged in with this token, or None; `noted` restarts the idle time."""
    with reading(caller.database) as session:
        logged_in = web_sessions.find(session, token, lifetime, caller.now)
    if logged_in is None:
        return None
    if noted and caller.now - logged_in.used_at >= NOTED_EVERY:
        with writing(caller.database) as session:
            web_sessions.note_use(session, token, caller.now)
    return logged_in.account


def bearer_of(caller: Caller, secret: str) -> Bearer | None:
    """The bearer of a token, or None if it is not valid; its use is noted."""
    with reading(caller.database) as session:
        bearer = tokens.bearer(session, secret, caller.now)
    if bearer and (bearer.used_at is None or caller.now - bearer.used_at >= NOTED_EVERY):
        with writing(caller.database) as session:
            tokens.note_use(session, bearer.token_id, caller.now)
    return bearer


def log_in(caller: Caller, name: str, password: str, browser: Browser) -> str | None:
    """Start a session; returns its token, or None if name and password do not match.

    Both outcomes are recorded.
    """
    with reading(caller.database) as session:
        password_hash = accounts.password_hash_of(session, name)
    if not password_fits(password, password_hash):
        _record_failure(caller, name)
        return None
    with writing(caller.database) as session:
        account = accounts.find_account(session, name)
        return _begin(caller, session, account.id, browser)


def log_in_external(
    caller: Caller, subject: str, name: str, roles: Collection[Role], browser: Browser
) -> str:
    """Start a session for a subject of an identity provider; returns the session's token.

    The first login creates an account, named `name` or similar. The account gets exactly these
    roles. Raises NotAllowed for a disabled account.
    """
    with writing(caller.database) as session:
        account_id = _external_account(caller, session, subject, name, set(roles))
        return _begin(caller, session, account_id, browser)


def log_out(caller: Caller, token: str) -> None:
    """End the session with this token; the logout is recorded."""
    with writing(caller.database) as session:
        web_sessions.end(session, token)
        caller.act(Action.LOGGED_OUT).record(session, None)


def change_password(
    caller: Caller, account_id: int, current: str, new: str, browser: Browser
) -> str:
    """Change an account's own password; all its sessions end. Returns the token of a new session.

    Raises WrongUsage if the password stays the same, NotAllowed if the current one is wrong.
    """
    if new == current:
        raise WrongUsage("The new password is the same as the current one; choose another.")
    with reading(caller.database) as session:
        name = accounts.account_by_id(session, account_id).name
        password_hash = accounts.password_hash_of(session, name)
    if not password_fits(current, password_hash):
        raise NotAllowed("The current password is wrong; enter it again.")
    hashed = hash_password(new)
    with writing(caller.database) as session:
        accounts.set_password(session, name, hashed, one_time=False)
        caller.act(Action.PASSWORD_CHANGED).record(session, None, account_id=account_id)
        return _begin(caller, session, account_id, browser)


def _begin(caller: Caller, session: Session, account_id: int, browser: Browser) -> str:
    """Start a session under a new token; the browser's previous session ends."""
    web_sessions.sweep(session, browser.lifetime, caller.now)
    web_sessions.end(session, browser.token)
    token = web_sessions.begin(session, account_id, caller.now)
    caller.acting_as(f"account:{account_id}").act(Action.LOGGED_IN).record(session, None)
    return token


def _record_failure(caller: Caller, name: str) -> None:
    """Record the account's id. An unknown name is not stored: it may be a password in the wrong
    field."""
    with writing(caller.database) as session:
        try:
            account = {"account_id": accounts.find_account(session, name).id}
        except NotFound:
            account = {}
        caller.acting_as(ANONYMOUS).act(Action.LOGIN_REFUSED).record(session, None, **account)


def _external_account(
    caller: Caller, session: Session, subject: str, name: str, roles: set[Role]
) -> int:
    account = accounts.account_of_subject(session, subject)
    anonymous = caller.acting_as(ANONYMOUS)
    if account is None:
        made = accounts.add_account(
            session,
            name=_free_name(session, name),
            roles=roles,
            password_hash=None,
            now=caller.now,
            subject=subject,
        )
        anonymous.act(Action.ACCOUNT_CREATED).record(session, None, account_id=made.id)
        return made.id
    if account.disabled_at is not None:
        raise NotAllowed("This account is disabled; ask an administrator.")
    if account.roles != roles:
        accounts.set_roles(session, account.name, roles)
        changed = anonymous.act(Action.ACCOUNT_CHANGED)
        changed.record(session, None, account_id=account.id, what="roles")
    return account.id


def _free_name(session: Session, given: str) -> str:
    """The name with only allowed characters, and with a number if it is taken."""
    name = re.sub(r"[^a-z0-9._@+-]", "-", given.lower()).lstrip("._@+-")[:50] or "somebody"
    taken = {account.name for account in accounts.list_accounts(session)}
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(other for other in numbered if other not in taken)
