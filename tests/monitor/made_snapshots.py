"""Vitals of a healthy ledger, and what is expected of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.health import Expectations, Health, judge
from monitor.snapshots import Snapshot
from pipeline.planning.windows import Windows
from storage.jobs.vitals import RecentWork, Vitals
from storage.jobs.workers import Fleet

NOW = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
ALWAYS, AT_NIGHT = Windows(), Windows.parse("20:00-06:30", "UTC")
NOON = NOW.replace(hour=12)


def vitals_with(now: datetime = NOW, **changes: Any) -> Vitals:
    """Vitals with no work and both queues served 10 s ago, unless the changes say otherwise."""
    calm = Vitals(
        segments={},
        footage_ms={},
        analyses={},
        paused=0,
        repeats=0,
        overdue_leases=0,
        waiting_since={},
        any_time_since=None,
        lease_until={},
        finished_at=None,
        quarantined_at=None,
        recent=RecentWork(0, 0.0, 0.0),
        refused=0,
        watched_ms=0,
        waiting_ms=0,
        canaries={"upkeep": now - 10 * SECOND, "nightreel": now - 10 * SECOND},
        fleet=Fleet(2, 1),
    )
    return replace(calm, **changes)


def expected(windows: Windows = ALWAYS) -> Expectations:
    """Two queues, stale after five minutes, leases of a minute."""
    return Expectations(("upkeep", "nightreel"), {"nightreel": "default"}, windows, 60, 300)


def health_of(vitals: Vitals, windows: Windows = ALWAYS, now: datetime = NOW) -> Health:
    """The health that these vitals show."""
    return judge(vitals, expected(windows), now)


def sight_of(vitals: Vitals, windows: Windows = ALWAYS, now: datetime = NOW) -> Snapshot:
    """The snapshot of these vitals."""
    return Snapshot(now, vitals, health_of(vitals, windows, now))
