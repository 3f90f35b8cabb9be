"""Reads the ledger for the monitor's parts, at most once a second and with a timeout."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from errors import StoreUnavailable
from monitor.health import Expectations, Health, judge
from pipeline.clock import utc_now
from storage.database.database import reading
from storage.jobs.vitals import Vitals, vitals
from worker.broker import queues, work_queue
from worker.resources import Resources

KEPT_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The ledger at one moment, and its health."""

    at: datetime
    vitals: Vitals
    health: Health


def described(snapshot: Snapshot) -> dict[str, Any]:
    """The snapshot as a JSON document."""
    return {
        "well": snapshot.health.well,
        "troubles": [trouble.sentence for trouble in snapshot.health.troubles],
        "silence_seconds": {
            queue: round(seconds, 1) for queue, seconds in snapshot.health.silence_seconds.items()
        },
        "window_open": snapshot.health.window_open,
        "segments": {state.value: count for state, count in snapshot.vitals.segments.items()},
    }


def in_background(read: Callable[[], T]) -> "Future[T]":
    """Call `read` in a thread that does not delay the end of the process."""
    future: Future[T] = Future()

    def fill() -> None:
        try:
            future.set_result(read())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=fill, daemon=True).start()
    return future


class SnapshotReader(Generic[T]):
    """Reads in the background, one read at a time, so that a hanging database blocks no caller."""

    def __init__(self, read: Callable[[], T], timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._read = read
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._future: Future[T] | None = None
        self._began_at = 0.0

    def look(self) -> T:
        """The last result if it is at most a second old, else a new one.

        Raises what `read` raises, and StoreUnavailable if there is no result in time.
        """
        try:
            return self._current().result(self._timeout_seconds)
        except TimeoutError:
            raise StoreUnavailable(
                f"The database has not answered for {self._timeout_seconds:.0f} s; "
                "check the database server."
            ) from None

    def _current(self) -> "Future[T]":
        with self._lock:
            kept = time.monotonic() - self._began_at < KEPT_SECONDS
            if self._future is None or (self._future.done() and not kept):
                self._future, self._began_at = in_background(self._read), time.monotonic()
            return self._future


def ledger_snapshots(resources: Resources) -> SnapshotReader[Snapshot]:
    """A reader of snapshots of the ledger, in the database of the settings."""

    def read() -> Snapshot:
        with reading(resources.database) as session:
            now = utc_now()
            current = vitals(session, now)
        return Snapshot(now, current, judge(current, expectations(resources), now))

    return SnapshotReader(read)


def expectations(resources: Resources) -> Expectations:
    """The expectations that follow from the settings."""
    return Expectations(
        queues=queues(),
        sites={work_queue(site): site for site in resources.settings.site_names},
        windows=resources.windows,
        lease_seconds=resources.settings.lease_seconds,
        stale_seconds=resources.settings.stale_seconds,
    )
