"""`python -m review.serve [ADDRESS]`: serve the web interface.

ADDRESS defaults to the loopback address; inside a container, give `0.0.0.0`.
"""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

import uvicorn
from fastapi import FastAPI

from errors import BrokerUnavailable, WrongUsage
from monitor.snapshots import ledger_snapshots
from pipeline.clock import utc_now
from pipeline.governance.accounts import any_account
from pipeline.intake.receive import Inbox
from pipeline.judging.review import Rules
from review.app import create_app
from review.site import Provider, Site
from review.upload_importer import UploadImporter
from settings import Settings
from storage.access.accounts import Role
from storage.access.web_sessions import Lifetime
from tasks.intake import ask_workers
from tasks.people import ask_for_people
from worker.entrance import run_service
from worker.logs import log_json_lines
from worker.ports import LOOPBACK
from worker.resources import Resources, resources
from worker.stack_info import running, services_alive

log = logging.getLogger(__name__)
STOP_SECONDS = 5
"""How long to wait for requests in progress; uploads resume where they stopped."""


def main(address: str = LOOPBACK) -> None:
    """Serve until stopped. Raises as the resources do."""
    mine = resources()
    log_json_lines(logging.getLevelNamesMapping()[mine.settings.log_level])
    inbox = Inbox(mine.settings.home_folder, mine.site)
    importer = UploadImporter(inbox, mine.context, mine.plan, ask_workers=ask_workers, now=utc_now)
    importer.start()
    _say_what_is_missing(mine)
    server_for(
        create_app(site_of(mine, inbox, importer)),
        address,
        mine.settings.web_port,
        trusted_proxies=mine.settings.trusted_proxy_list,
    ).run()


def server_for(
    app: FastAPI, address: str, port: int, *, trusted_proxies: list[str]
) -> uvicorn.Server:
    """A server that takes the client's address from the X-Forwarded-For of these proxies: the
    rightmost one that is not a proxy's. From other clients the header is ignored."""
    config = uvicorn.Config(
        app,
        host=address,
        port=port,
        forwarded_allow_ips=trusted_proxies,
        log_config=None,
        access_log=False,  # URLs contain names of cases
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    return uvicorn.Server(config)


def _say_what_is_missing(mine: Resources) -> None:
    if not any_account(mine.database):
        log.warning("there is no account yet: nightreel account add NAME --role operator")


def site_of(mine: Resources, inbox: Inbox, importer: UploadImporter) -> Site:
    """The site as the settings define it."""
    settings = mine.settings
    return Site(
        context=mine.context,
        plan=mine.plan,
        url=settings.effective_web_url,
        inbox=inbox,
        audit_key_file=settings.effective_audit_key_file,
        most_upload_bytes=settings.upload_max_gb * 10**9,
        provider=_provider(settings),
        wake_importer=importer.wake,
        workers=lambda: _workers(mine),
        look=ledger_snapshots(mine).look,
        services=lambda: _services(mine),
        flower_url=f"http://127.0.0.1:{settings.flower_port}",
        lifetime=Lifetime(
            idle=timedelta(minutes=settings.web_idle_minutes),
            longest=timedelta(hours=settings.web_session_hours),
        ),
        retention=mine.retention,
        home=settings.home_folder,
        policy=mine.policy,
        ask_for_people=_ask_for_people,
        rules=Rules(
            least_quality=settings.review_least_quality,
            least_face_px=settings.review_least_face_px,
            requester_may_review=settings.review_by_requester,
        ),
    )


def _provider(settings: Settings) -> Provider | None:
    """Raises WrongUsage for a role that does not exist."""
    if not settings.oidc_issuer:
        return None
    pairs = [pair.partition("=") for pair in settings.oidc_roles.split(",") if pair.strip()]
    try:
        roles = {value.strip(): Role(role.strip()) for value, _, role in pairs}
    except ValueError:
        raise WrongUsage(
            f"NIGHTREEL_OIDC_ROLES cannot be used: write VALUE=ROLE, of {', '.join(Role)}."
        ) from None
    return Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        roles_claim=settings.oidc_roles_claim,
        roles=roles,
    )


def _services(mine: Resources) -> dict[str, bool]:
    home = mine.settings.home_folder
    return services_alive(home) if running(home) else {}


def _workers(mine: Resources) -> int:
    stack = running(mine.settings.home_folder)
    return stack.workers if stack else 0


def _ask_for_people(person_ids: Sequence[int]) -> None:
    # The ledger also asks, once the broker is back.
    with suppress(BrokerUnavailable):
        ask_for_people(person_ids)


if __name__ == "__main__":
    run_service(main, "review.serve [ADDRESS]")
