"""Logging in with an account of the organisation: OpenID Connect, by settings."""

import logging
import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from errors import NotAllowed, NotDelivered, NotFound
from review import sessions
from review.guard import router
from review.sessions import own_place
from review.site import OurSite, Provider, Site
from storage.access.accounts import (
    Account,
    Role,
    account_of_subject,
    add_account,
    list_accounts,
    set_roles,
)
from storage.access.audit import Action
from storage.database.database import Session, writing

log = logging.getLogger(__name__)

SCOPES = "openid profile email"
METADATA = "/.well-known/openid-configuration"
routes = router("/login/provider")


@routes.get("")
async def ask_provider(request: Request, ours: OurSite, next: str = "/") -> Response:
    """Send a browser to the provider, and remember where it wanted to go."""
    client = _client(ours)
    request.session["next"] = own_place(next)
    try:
        sent: Response = await client.authorize_redirect(
            request, f"{ours.url}/login/provider/answer"
        )
    except _failures() as error:
        log.warning("the provider of logins cannot be asked: %s", type(error).__name__)
        raise NotDelivered("The identity provider does not respond; try again later.") from None
    return sent


@routes.get("/answer")
async def hear_provider(request: Request, ours: OurSite) -> Response:
    """Begin a session for whomever the provider vouches for, with the roles its claim gives."""
    client = _client(ours)
    try:
        token = await client.authorize_access_token(request)
        claims = token["userinfo"]
    except _failures() as error:
        log.warning("a login elsewhere failed: %s", type(error).__name__)
        raise NotAllowed("The identity provider rejected this login; start again.") from None
    place = own_place(str(request.session.pop("next", "/")))
    return await run_in_threadpool(_enter, request, ours, claims, place)


def roles_of(claims: Mapping[str, Any], provider: Provider) -> set[Role]:
    """The roles that a provider's claim gives; a value that means none here gives none."""
    given = claims.get(provider.roles_claim, [])
    values = [given] if isinstance(given, str) else given
    meaning = provider.roles or {role.value: role for role in Role}
    return {meaning[value] for value in values if value in meaning}


def _enter(request: Request, ours: Site, claims: Mapping[str, Any], place: str) -> Response:
    provider = _provider(ours)
    roles = roles_of(claims, provider)
    if not roles:
        raise NotAllowed("Your account has no Nightreel role; ask your administrator.")
    with writing(ours.database) as session:
        account = _account(session, ours, f"{provider.issuer}|{claims['sub']}", claims, roles)
        return sessions.begin(request, session, ours, account.id, place)


def _account(
    session: Session, ours: Site, subject: str, claims: Mapping[str, Any], roles: set[Role]
) -> Account:
    known = account_of_subject(session, subject)
    if known is None:
        made = add_account(
            session,
            name=_free_name(session, claims),
            roles=roles,
            password_hash=None,
            now=ours.now(),
            subject=subject,
        )
        ours.record(session, "anonymous", Action.ACCOUNT_CREATED, account_id=made.id)
        return made
    if known.disabled_at is not None:
        raise NotAllowed("This account is disabled; ask an administrator.")
    if known.roles != roles:
        set_roles(session, known.name, roles)
        act = Action.ACCOUNT_CHANGED
        ours.record(session, "anonymous", act, account_id=known.id, what="roles")
    return known


def _free_name(session: Session, claims: Mapping[str, Any]) -> str:
    """What people call the account; never the name of one that is there already."""
    given = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    name = re.sub(r"[^a-z0-9._@+-]", "-", given.lower()).lstrip("._@+-")[:50] or "somebody"
    taken = {one.name for one in list_accounts(session)}
    numbered = (f"{name}-{number}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def _client(ours: Site) -> Any:
    # Here, for it takes as long to import as all else of the pages, and few use it.
    from authlib.integrations.starlette_client import OAuth

    provider = _provider(ours)
    return OAuth().register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=provider.issuer.rstrip("/") + METADATA,
        client_kwargs={"scope": SCOPES, "code_challenge_method": "S256", "timeout": 20},
    )


def _failures() -> tuple[type[Exception], ...]:
    """What comes of a provider that is away or somebody who speaks in its name."""
    from authlib.integrations.base_client import OAuthError
    from httpx2 import HTTPError
    from joserfc.errors import JoseError

    return OAuthError, HTTPError, JoseError, ValueError, KeyError


def _provider(ours: Site) -> Provider:
    if ours.provider is None:
        raise NotFound("Login through an identity provider is not configured.")
    return ours.provider
