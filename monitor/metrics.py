"""Prometheus metrics of the ledger: counts, ages and lengths, by state, priority and queue."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from errors import NightreelError
from monitor.snapshots import Snapshot
from storage.tables import Priority, State

SEGMENT_STATES = (State.WAITING, State.RUNNING, State.DONE, State.QUARANTINED, State.CANCELLED)
ANALYSIS_STATES = tuple(state for state in State if state is not State.QUARANTINED)


class Exporter(Collector):
    """Computes all metrics from the ledger when Prometheus scrapes them."""

    def __init__(self, look: Callable[[], Snapshot], home: Path) -> None:
        self._look = look
        self._home = home
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def text(self) -> bytes:
        """The metrics in Prometheus' text format."""
        return generate_latest(self._registry)

    def describe(self) -> list[Metric]:
        """Called once, at registration, when no metric is known yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics; if the database does not respond, `ledger_readable` is 0 and most are
        missing."""
        yield _gauge(
            "home_free_bytes", "Free space on the disk of the home folder.", _free_bytes(self._home)
        )
        try:
            snapshot = self._look()
        except NightreelError:
            yield _gauge("ledger_readable", "Whether the database answers.", 0)
            return
        yield _gauge("ledger_readable", "Whether the database answers.", 1)
        yield from _counts(snapshot)
        yield from _ages(snapshot)
        yield from _footage(snapshot)


def _footage(snapshot: Snapshot) -> Iterator[Metric]:
    seen = snapshot.vitals
    yield CounterMetricFamily(
        "nightreel_footage_watched_seconds",
        "All footage ever processed; its rate is hours per hour.",
        value=seen.watched_ms / 1000,
    )
    yield _gauge(
        "footage_waiting_seconds",
        "Footage queued or being processed, without paused jobs.",
        seen.waiting_ms / 1000,
    )
    recent = seen.recent
    if recent.footage_ms:
        yield _gauge(
            "work_seconds_per_footage_hour",
            "What an hour of footage cost one worker process, over the last hour.",
            recent.work_seconds * 3_600_000 / recent.footage_ms,
        )


def _counts(snapshot: Snapshot) -> Iterator[Metric]:
    seen = snapshot.vitals
    yield _labelled(
        "segments",
        "Segments by state.",
        "state",
        {state.value: seen.segments.get(state, 0) for state in SEGMENT_STATES},
    )
    yield _labelled(
        "footage_seconds",
        "Length of the segments in each state.",
        "state",
        {state.value: seen.footage_ms.get(state, 0) / 1000 for state in SEGMENT_STATES},
    )
    yield _labelled(
        "analyses",
        "Recordings under a plan, by state.",
        "state",
        {state.value: seen.analyses.get(state, 0) for state in ANALYSIS_STATES},
    )
    yield _gauge("analyses_paused", "Recordings that are paused.", seen.paused)
    yield _gauge("segment_repeats", "Attempts at segments beyond their first.", seen.repeats)
    yield _gauge(
        "leases_overdue",
        "Expired leases not reclaimed yet.",
        seen.overdue_leases,
    )
    yield _gauge("worker_processes", "Worker processes alive, everywhere.", seen.fleet.processes)
    yield _gauge("worker_machines", "Machines or containers they run on.", seen.fleet.machines)
    yield _gauge(
        "files_refused", "Files of the watched folder and uploads that were rejected.", seen.refused
    )


def _ages(snapshot: Snapshot) -> Iterator[Metric]:
    seen, health = snapshot.vitals, snapshot.health
    yield _labelled(
        "queue_age_seconds",
        "How long the oldest recording that is not started or not finished has been waiting.",
        "priority",
        {
            priority.value: _age(snapshot, priority) if priority in seen.waiting_since else 0
            for priority in Priority
        },
    )
    yield _labelled(
        "canary_age_seconds",
        "Time since the last canary task was done, by queue.",
        "queue",
        {
            queue: (snapshot.at - done_at).total_seconds()
            for queue, done_at in seen.canaries.items()
        },
    )
    yield _labelled(
        "queue_silence_seconds",
        "Time since a queue last gave a sign of life: a canary, or a beat of a segment's lease.",
        "queue",
        health.silence_seconds,
    )
    yield _gauge("window_open", "Whether segments may be started now.", health.window_open)
    yield _gauge("healthy", "Whether the health page finds nothing wrong.", health.well)


def _age(snapshot: Snapshot, priority: Priority) -> float:
    return (snapshot.at - snapshot.vitals.waiting_since[priority]).total_seconds()


def _free_bytes(home: Path) -> int:
    try:
        return shutil.disk_usage(home).free
    except OSError:
        return 0


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"nightreel_{name}", meaning, value=float(value))


def _labelled(name: str, meaning: str, label: str, values: dict[str, float]) -> Metric:
    made = GaugeMetricFamily(f"nightreel_{name}", meaning, labels=[label])
    for label_value, value in values.items():
        made.add_metric([label_value], float(value))
    return made
