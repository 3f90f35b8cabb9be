"""Accounts: who may log in, and what each may do; for whoever manages them."""

from collections import defaultdict
from typing import Annotated

from fastapi import Form, Request, Response

from pipeline.governance.accounts import Managing, NewPassword
from review.first_steps import first_steps
from review.guard import router
from review.numbers import Number
from review.pages import page
from review.sessions import go
from review.site import OurSite, Site
from review.visitors import Visitor, Who
from storage.access.accounts import Role, account_by_id, list_accounts
from storage.access.tokens import Token, list_tokens
from storage.database.database import reading

routes = router("/accounts")
Roles = Annotated[list[Role], Form(default_factory=list)]


@routes.get("")
def show_accounts(request: Request, ours: OurSite, who: Who, role: Role | None = None) -> Response:
    """Every account with its roles and tokens, and a form to make one, with this role chosen."""
    return _shown(request, ours, who, chosen=role)


@routes.post("")
def make_account(
    request: Request, ours: OurSite, who: Who, name: Annotated[str, Form()], roles: Roles
) -> Response:
    """Make one; the page that answers is the only one that has its password."""
    return _shown(request, ours, who, managing(ours, who).make(name.strip().lower(), roles))


@routes.post("/{account_id}/password")
def reset_password(request: Request, ours: OurSite, who: Who, account_id: Number) -> Response:
    """Another password for one time, shown likewise."""
    made = managing(ours, who).reset_password(name_of(ours, account_id))
    return _shown(request, ours, who, made)


@routes.post("/{account_id}/roles")
def set_roles(ours: OurSite, who: Who, account_id: Number, roles: Roles) -> Response:
    """Give it these roles and no others."""
    managing(ours, who).set_roles(name_of(ours, account_id), roles)
    return go("/accounts")


@routes.post("/{account_id}/disable")
def disable(ours: OurSite, who: Who, account_id: Number) -> Response:
    """Let it log in no more."""
    managing(ours, who).disable(name_of(ours, account_id))
    return go("/accounts")


@routes.post("/{account_id}/enable")
def enable(ours: OurSite, who: Who, account_id: Number) -> Response:
    """Let it log in again."""
    managing(ours, who).enable(name_of(ours, account_id))
    return go("/accounts")


@routes.post("/tokens/{token_id}/revoke")
def revoke_token(ours: OurSite, who: Who, token_id: Number) -> Response:
    """Make a token worthless at once."""
    managing(ours, who).revoke_token(token_id)
    return go("/accounts")


def _shown(
    request: Request,
    ours: Site,
    who: Visitor,
    made: NewPassword | None = None,
    chosen: Role | None = None,
) -> Response:
    now = ours.now()
    with reading(ours.database) as session:
        steps = first_steps(session, who)
        known = list_accounts(session)
        good = [one for one in list_tokens(session) if one.is_good(now)]
    tokens: dict[str, list[Token]] = defaultdict(list)
    for one in good:
        tokens[one.account].append(one)
    return page(
        request,
        "accounts.html.j2",
        accounts=known,
        tokens=tokens,
        roles=list(Role),
        made=made,
        chosen=[chosen] if chosen else [],
        first_steps=steps,
    )


def managing(ours: Site, who: Visitor) -> Managing:
    """Who asks, managing accounts now."""
    return Managing(ours.database, who.actor, ours.now())


def name_of(ours: Site, account_id: int) -> str:
    """What an account is called. Raises NotFound."""
    with reading(ours.database) as session:
        return account_by_id(session, account_id).name
