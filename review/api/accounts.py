"""Accounts, for programs that manage them, as on the page *Accounts*."""

from http import HTTPStatus

from pipeline.governance import accounts as steps
from pipeline.governance.accounts import NewPassword
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
from review.visitors import Asked

routes = routes_of("accounts", f"{PREFIX}/accounts")
CHANGED = FOUND | SETTLED


@routes.get("")
def list_all(asked: Asked, cursor: Cursor = "", limit: Limit = 50) -> AccountsAnswer:
    """All accounts, in order of creation."""
    accounts = steps.list_accounts(asked).accounts
    page = piece(accounts, lambda account: (account.id,), cursor, limit)
    return AccountsAnswer(
        accounts=[AccountAnswer.of(account) for account in page.shown], next=page.next
    )


@routes.post("", status_code=HTTPStatus.CREATED, responses=SETTLED)
def make(asked: Asked, given: AccountGiven) -> OpenedAnswer:
    """Create an account. Only this response contains its one-time password; its
    owner chooses a new one at first login, in the web interface."""
    return _opened(steps.create_account(asked, given.name, given.roles))


@routes.get("/tokens")
def list_tokens(asked: Asked, cursor: Cursor = "", limit: Limit = 50) -> TokensAnswer:
    """All tokens, newest first, without their secrets."""
    tokens = steps.list_accounts(asked).tokens
    page = piece(tokens, lambda token: (-token.id,), cursor, limit)
    shown = [TokenAnswer.of(token, asked.now) for token in page.shown]
    return TokensAnswer(tokens=shown, next=page.next)


@routes.delete("/tokens/{token_id}", status_code=HTTPStatus.NO_CONTENT, responses=FOUND)
def revoke_token(token_id: Number, asked: Asked) -> None:
    """Revoke a token immediately; it stays in the list."""
    steps.revoke_token(asked, token_id)


@routes.get("/{account_id}", responses=FOUND)
def show(account_id: Number, asked: Asked) -> AccountAnswer:
    """One account."""
    return AccountAnswer.of(steps.account_by_id(asked, account_id))


@routes.put("/{account_id}/roles", responses=CHANGED)
def set_roles(account_id: Number, asked: Asked, given: RolesGiven) -> AccountAnswer:
    """Set the roles of an account, effective from its next request. You cannot change your
    own roles, and the last account that can manage accounts keeps that role."""
    return AccountAnswer.of(steps.set_roles(asked, account_id, given.roles))


@routes.post("/{account_id}/password", responses=CHANGED)
def reset_password(account_id: Number, asked: Asked) -> OpenedAnswer:
    """Reset the password: the one-time password is returned once, and all sessions end."""
    return _opened(steps.reset_password(asked, account_id))


@routes.post("/{account_id}/disable", responses=CHANGED)
def disable(account_id: Number, asked: Asked) -> AccountAnswer:
    """Disable an account; its sessions end and its tokens stop working immediately. It is
    never deleted, because the audit log refers to it by number."""
    return AccountAnswer.of(steps.disable(asked, account_id))


@routes.post("/{account_id}/enable", responses=CHANGED)
def enable(account_id: Number, asked: Asked) -> AccountAnswer:
    """Enable an account."""
    return AccountAnswer.of(steps.enable(asked, account_id))


def _opened(made: NewPassword) -> OpenedAnswer:
    return OpenedAnswer.with_password(made.account, made.password)
