"""What the pages work with: plain values and resources that the entrance hands over."""

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
    """An OIDC provider whose word is taken."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Values of the claim, and the role that each gives; empty when they are our roles' names."""


@dataclass(frozen=True, slots=True)
class Site:
    """Made once by `review.serve`, and by tests."""

    context: Context
    plan: Plan
    url: str
    """The address people type: its host is the only one answered to; https makes cookies secure."""
    inbox: Inbox
    """Where uploads are received."""
    audit_key_file: Path
    """What signs how far the audit log has come."""
    most_upload_bytes: int = 64 * 10**9
    wake_importer: Callable[[], None] = lambda: None
    """Have completed uploads imported now."""
    workers: Callable[[], int] = lambda: 0
    """How many worker processes are meant to run on this machine."""
    look: Callable[[], Snapshot] = field(kw_only=True)
    """The ledger's health."""
    services: Callable[[], dict[str, bool]] = dict
    """Which of this machine's services live."""
    flower_url: str = ""
    """Empty where there is none."""
    lifetime: Lifetime = field(default_factory=Lifetime)
    provider: Provider | None = None
    throttle: LoginThrottle = field(default_factory=LoginThrottle)
    rules: Rules = field(default_factory=Rules)
    """How candidates are reviewed."""
    retention: Retention = field(default_factory=Retention)
    """How long things are kept."""
    home: Path | None = None
    """The folder that is looked through after something was erased, and keeps the certificates."""
    clips: ClipCache = field(default_factory=ClipCache)
    policy: Policy = field(default_factory=Policy)
    """What a case is held to when it is opened."""
    ask_for_people: Callable[[Sequence[int]], None] = lambda _: None
    """Have everything compared with these people soon; the ledger sees to it later in any case."""
    looking: Lock = field(default_factory=Lock)
    """Held by whoever looks at photos: each takes a core and the engine's memory."""
    now: Callable[[], datetime] = utc_now

    @property
    def database(self) -> Engine:
        """Where everything is remembered."""
        return self.context.database

    @property
    def secure(self) -> bool:
        """Whether people come by https."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """The name people know it by."""
        return urlsplit(self.url).hostname or ""


def site(request: Request) -> Site:
    """The site of a request."""
    found: Site = request.app.state.site
    return found


OurSite = Annotated[Site, Depends(site)]
