"""The queue for those who run the machine: counts, lengths and times, and never a name."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import Request, Response

from monitor.snapshots import Snapshot
from pipeline.act import Caller
from pipeline.planning.queue import look_at_queue
from report.moments import when
from report.morning import in_words, speed_in_words
from review.guard import router
from review.pages import page
from review.site import OurSite, Site
from review.visitors import Asked, Who
from storage.access.accounts import Role
from storage.jobs.night import Totals

routes = router("/queue")


@dataclass(frozen=True, slots=True)
class QueueState:
    """The ledger's numbers, the machine's health and the forecast."""

    snapshot: Snapshot
    totals: Totals
    services: dict[str, bool]
    """Whether each service of this machine is alive."""
    workers: int
    speed: float | None
    """As a multiple of real time, as measured recently."""
    end: datetime | None
    """When all queued footage is expected to be processed."""


@routes.get("")
def show_queue(request: Request, ours: OurSite, asked: Asked, who: Who) -> Response:
    """The page."""
    return page(request, "queue.html.j2", **_values(ours, asked), flower=_flower(ours, who.roles))


@routes.get("/state")
def show_state(request: Request, ours: OurSite, asked: Asked) -> Response:
    """The part of the page that is refreshed."""
    return page(request, "queue_state.html.j2", **_values(ours, asked))


def queue_state(ours: Site, asked: Caller) -> QueueState:
    """The current state. Raises StoreUnavailable."""
    snapshot = ours.look()
    queue = look_at_queue(asked, workers=ours.workers(), windows=ours.context.windows)
    outlook = queue.outlook
    return QueueState(
        snapshot=snapshot,
        totals=queue.totals,
        services=ours.services(),
        workers=outlook.workers,
        speed=outlook.forecast.speed,
        end=outlook.end,
    )


def _values(ours: Site, asked: Caller) -> dict[str, Any]:
    state = queue_state(ours, asked)
    zone = ours.context.windows.zone
    return {
        "state": state,
        "workers": in_words(state.snapshot.vitals.fleet),
        "end": when(state.end, asked.now, zone) if state.end else "",
        "speed": speed_in_words(state.speed, state.workers) if state.speed else "",
    }


def _flower(ours: Site, roles: frozenset[Role]) -> str:
    return ours.flower_url if Role.OPERATOR in roles else ""
