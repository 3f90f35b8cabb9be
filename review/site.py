"""What the pages work with: plain values and resources that the entrance passes in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request

from monitor.snapshots import Snapshot
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import Retention
from pipeline.intake.receive import Inbox
from pipeline.judging.review import Rules
from pipeline.plan import Plan
from review.clip_cache import ClipCache
from review.throttle import LoginThrottle
from storage.access.accounts import Role
from storage.access.web_sessions import Lifetime
from storage.cases.legal_bases import Policy
from storage.database.database import Engine


@dataclass(frozen=True, slots=True)
class Provider:
    """A trusted OIDC provider."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    """The role for each value of the claim; empty if the values are the names of our roles."""


@dataclass(frozen=True, slots=True)
class Site:
    """The values and resources of one site; `review.serve` creates one, and so do tests."""

    context: Context
    plan: Plan
    url: str
    """The URL that users type. Only its host is answered; https makes cookies secure."""
    inbox: Inbox
    """Where uploads are received."""
    audit_key_file: Path
    """The key file that signs checkpoints of the audit log."""
    most_upload_bytes: int = 64 * 10**9
    wake_importer: Callable[[], None] = lambda: None
    """Have completed uploads imported now."""
    workers: Callable[[], int] = lambda: 0
    """How many worker processes are meant to run on this machine."""
    look: Callable[[], Snapshot] = field(kw_only=True)
    """The ledger's health."""
    services: Callable[[], dict[str, bool]] = dict
    """Which of this machine's services are alive."""
    flower_url: str = ""
    """Empty if there is no Flower."""
    lifetime: Lifetime = field(default_factory=Lifetime)
    provider: Provider | None = None
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    rules: Rules = field(default_factory=Rules)
    """How candidates are reviewed."""
    retention: Retention = field(default_factory=Retention)
    """How long things are kept."""
    home: Path | None = None
    """The folder that is checked for remnants after a purge, and that stores the certificates."""
    clips: ClipCache = field(default_factory=ClipCache)
    policy: Policy = field(default_factory=Policy)
    """The rules that a new case must meet."""
    ask_for_people: Callable[[Sequence[int]], None] = lambda _: None
    """Have everything compared with these people soon; the ledger ensures it later in any case."""
    looking: Lock = field(default_factory=Lock)
    """Held while photos are processed: each takes a core and the engine's memory."""
    now: Callable[[], datetime] = utc_now

    @property
    def database(self) -> Engine:
        """The database of the site."""
        return self.context.database

    @property
    def secure(self) -> bool:
        """Whether users connect by https."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """The host name that users type."""
        return urlsplit(self.url).hostname or ""


def site(request: Request) -> Site:
    """The site of a request."""
    found: Site = request.app.state.site
    return found


OurSite = Annotated[Site, Depends(site)]
