"""Accounts: who may log in, and what each may do."""

from collections import defaultdict
from typing import Annotated

from fastapi import Form, Request, Response

from pipeline.act import Caller
from pipeline.governance import accounts as steps
from pipeline.governance.accounts import NewPassword
from pipeline.governance.setup import setup_so_far
from review.first_steps import first_steps
from review.guard import router
from review.numbers import Number
from review.pages import page
from review.sessions import go
from review.visitors import Asked, visitor
from storage.access.accounts import Role
from storage.access.tokens import Token

routes = router("/accounts")
Roles = Annotated[list[Role], Form(default_factory=list)]


@routes.get("")
def show_accounts(request: Request, asked: Asked, role: Role | None = None) -> Response:
    """Every account with its roles and tokens, and a form to create one, with this role chosen."""
    return _shown(request, asked, chosen=role)


@routes.post("")
def make_account(
    request: Request, asked: Asked, name: Annotated[str, Form()], roles: Roles
) -> Response:
    """Create an account; only the page that answers shows its password."""
    return _shown(request, asked, steps.create_account(asked, name.strip().lower(), roles))


@routes.post("/{account_id}/password")
def reset_password(request: Request, asked: Asked, account_id: Number) -> Response:
    """Set another one-time password, shown in the same way."""
    return _shown(request, asked, steps.reset_password(asked, account_id))


@routes.post("/{account_id}/roles")
def set_roles(asked: Asked, account_id: Number, roles: Roles) -> Response:
    """Give an account exactly these roles."""
    steps.set_roles(asked, account_id, roles)
    return go("/accounts")


@routes.post("/{account_id}/disable")
def disable(asked: Asked, account_id: Number) -> Response:
    """Prevent an account from logging in."""
    steps.disable(asked, account_id)
    return go("/accounts")


@routes.post("/{account_id}/enable")
def enable(asked: Asked, account_id: Number) -> Response:
    """Allow an account to log in again."""
    steps.enable(asked, account_id)
    return go("/accounts")


@routes.post("/tokens/{token_id}/revoke")
def revoke_token(asked: Asked, token_id: Number) -> Response:
    """Revoke a token at once."""
    steps.revoke_token(asked, token_id)
    return go("/accounts")


def _shown(
    request: Request, asked: Caller, made: NewPassword | None = None, chosen: Role | None = None
) -> Response:
    listed = steps.list_accounts(asked)
    tokens: dict[str, list[Token]] = defaultdict(list)
    for token in listed.tokens:
        if token.is_good(asked.now):
            tokens[token.account].append(token)
    return page(
        request,
        "accounts.html.j2",
        accounts=listed.accounts,
        tokens=tokens,
        roles=list(Role),
        made=made,
        chosen=[chosen] if chosen else [],
        first_steps=first_steps(setup_so_far(asked), visitor(request)),
    )
