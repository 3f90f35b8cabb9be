"""Login with an account of the organisation: OpenID Connect, configured by settings."""

import logging
from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from errors import NotAllowed, NotDelivered, NotFound
from pipeline.act import Caller
from pipeline.governance.logins import log_in_external
from review.guard import router
from review.sessions import browser, logged_in, own_place
from review.site import OurSite, Provider, Site
from review.visitors import Asked
from storage.access.accounts import Role

log = logging.getLogger(__name__)

SCOPES = "openid profile email"
METADATA = "/.well-known/openid-configuration"
routes = router("/login/provider")


@routes.get("")
async def ask_provider(request: Request, ours: OurSite, next: str = "/") -> Response:
    """Redirect a browser to the provider, and remember which page it wanted."""
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
async def hear_provider(request: Request, ours: OurSite, asked: Asked) -> Response:
    """Start a session for the subject of the provider's answer, with the roles of its claim."""
    client = _client(ours)
    try:
        token = await client.authorize_access_token(request)
        claims = token["userinfo"]
    except _failures() as error:
        log.warning("a login elsewhere failed: %s", type(error).__name__)
        raise NotAllowed("The identity provider rejected this login; start again.") from None
    place = own_place(str(request.session.pop("next", "/")))
    return await run_in_threadpool(_enter, request, ours, asked, claims, place)


def roles_of(claims: Mapping[str, Any], provider: Provider) -> set[Role]:
    """The roles that a provider's claim gives; values without a role here are ignored."""
    given = claims.get(provider.roles_claim, [])
    values = [given] if isinstance(given, str) else given
    meaning = provider.roles or {role.value: role for role in Role}
    return {meaning[value] for value in values if value in meaning}


def _enter(
    request: Request, ours: Site, asked: Caller, claims: Mapping[str, Any], place: str
) -> Response:
    provider = _provider(ours)
    roles = roles_of(claims, provider)
    if not roles:
        raise NotAllowed("Your account has no Nightreel role; ask your administrator.")
    subject = f"{provider.issuer}|{claims['sub']}"
    name = str(claims.get("preferred_username") or claims.get("email") or claims["sub"])
    token = log_in_external(asked, subject, name, roles, browser(request))
    return logged_in(ours, token, place)


def _client(ours: Site) -> Any:
    # Imported here: it takes as long to import as all the rest of the pages, and few use it.
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
    """The errors when the provider does not respond, or when another party poses as it."""
    from authlib.integrations.base_client import OAuthError
    from httpx2 import HTTPError
    from joserfc.errors import JoseError

    return OAuthError, HTTPError, JoseError, ValueError, KeyError


def _provider(ours: Site) -> Provider:
    if ours.provider is None:
        raise NotFound("Login through an identity provider is not configured.")
    return ours.provider
