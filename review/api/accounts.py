"""Accounts, for programs that manage them: what the page *Accounts* does."""

from http import HTTPStatus

from pipeline.governance.accounts import NewPassword
from review.accounts import managing, name_of
from review.api.models.accounts import (
    AccountAnswer,
    AccountGiven,
    AccountsAnswer,
    OpenedAnswer,
    RolesGiven,
    TokenAnswer,
    TokensAnswer,
)
from review.api.paging import Cursor, Limit, piece
from review.api.routing import FOUND, PREFIX, SETTLED, routes_of
from review.numbers import Number
from review.site import OurSite, Site
from review.visitors import Who
from storage.access.accounts import account_by_id, find_account, list_accounts
from storage.access.tokens import list_tokens as tokens_in
from storage.database.database import reading

routes = routes_of("accounts", f"{PREFIX}/accounts")
CHANGED = FOUND | SETTLED


@routes.get("")
def list_all(ours: OurSite, cursor: Cursor = "", limit: Limit = 50) -> AccountsAnswer:
    """All accounts, in order of creation."""
    with reading(ours.database) as session:
        known = list_accounts(session)
    found = piece(known, lambda one: (one.id,), cursor, limit)
    return AccountsAnswer(accounts=[AccountAnswer.of(one) for one in found.shown], next=found.next)


@routes.post("", status_code=HTTPStatus.CREATED, responses=SETTLED)
def make(ours: OurSite, who: Who, given: AccountGiven) -> OpenedAnswer:
    """Create an account. Only this response contains its one-time password; its
    owner chooses a new one at first login, in the web interface."""
    return _opened(ours, managing(ours, who).make(given.name, given.roles))


@routes.get("/tokens")
def list_tokens(ours: OurSite, cursor: Cursor = "", limit: Limit = 50) -> TokensAnswer:
    """All tokens, newest first, without their secrets."""
    now = ours.now()
    with reading(ours.database) as session:
        known = tokens_in(session)
    found = piece(known, lambda one: (-one.id,), cursor, limit)
    return TokensAnswer(tokens=[TokenAnswer.of(one, now) for one in found.shown], next=found.next)


@routes.delete("/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT, responses=FOUND)
def revoke_token(token_id: Number, ours: OurSite, who: Who) -> None:
    """Revoke a token immediately; it stays in the list."""
    managing(ours, who).revoke_token(token_id)


@routes.get("/{account_id}", responses=FOUND)
def show(account_id: Number, ours: OurSite) -> AccountAnswer:
    """One account."""
    with reading(ours.database) as session:
        return AccountAnswer.of(account_by_id(session, account_id))


@routes.put("/{account_id}/roles", responses=CHANGED)
def set_roles(account_id: Number, ours: OurSite, who: Who, given: RolesGiven) -> AccountAnswer:
    """Set the roles of an account, effective from its next request. You cannot change your
    own roles, and the last account that can manage accounts keeps that role."""
    managing(ours, who).set_roles(name_of(ours, account_id), given.roles)
    return show(account_id, ours)


@routes.post("/{account_id}/password", responses=CHANGED)
def reset_password(account_id: Number, ours: OurSite, who: Who) -> OpenedAnswer:
    """Reset the password: the one-time password is returned once, and all sessions end."""
    return _opened(ours, managing(ours, who).reset_password(name_of(ours, account_id)))


@routes.post("/{account_id}/disable", responses=CHANGED)
def disable(account_id: Number, ours: OurSite, who: Who) -> AccountAnswer:
    """Disable an account; its sessions end and its tokens stop working immediately. It is
    never deleted, because the audit log refers to it by number."""
    managing(ours, who).disable(name_of(ours, account_id))
    return show(account_id, ours)


@routes.post("/{account_id}/enable", responses=CHANGED)
def enable(account_id: Number, ours: OurSite, who: Who) -> AccountAnswer:
    """Enable an account."""
    managing(ours, who).enable(name_of(ours, account_id))
    return show(account_id, ours)


def _opened(ours: Site, made: NewPassword) -> OpenedAnswer:
    with reading(ours.database) as session:
        return OpenedAnswer.with_password(find_account(session, made.name), made.password)
