"""Polls a job from outside a few times a second, and tells when it recovered from a fault."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlmodel import col, select

from errors import NightreelError
from storage.database.database import Engine, reading
from storage.jobs import states
from storage.jobs.ledger import MAX_ATTEMPTS
from storage.tables import Analysis, Segment, State

LOOK_SECONDS = 0.2
ENDED = (State.DONE, State.QUARANTINED)
STALLED_SECONDS = 300.0
"""If nothing has changed for this long, the remaining work counts as lost."""


class Stalled(NightreelError):
    """The job does not proceed."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The state of a segment."""

    state: State
    attempts: int


@dataclass(slots=True)
class Recovery:
    """Whether work has recovered: every segment that was running has ended, waits again or was
    claimed again, and a segment that was not claimed at the fault has ended."""

    held: dict[int, int]
    """Segments that were running at the fault, with their attempts, until they recovered."""
    untouched: set[int]
    since: float = 0.0
    """When the fault was over, on the monotonic clock; 0 while it lasts."""
    seconds: float | None = None
    fresh_done: bool = False

    def look(self, segments: dict[int, Standing], now: float) -> None:
        """Compare with the present state of the segments at time `now`."""
        if self.seconds is not None:
            return
        for id, attempts in list(self.held.items()):
            if segments[id].state is not State.RUNNING or segments[id].attempts > attempts:
                del self.held[id]
        self.fresh_done |= any(segments[id].state in ENDED for id in self.untouched)
        if self.since and not self.held and (self.fresh_done or not self.untouched):
            self.seconds = max(now - self.since, 0.0)


@dataclass(slots=True)
class Watch:
    """Polls one job's database, which may be unavailable for a while."""

    database: Engine
    is_up: Callable[[], bool]
    """Whether the services still run."""
    segments: dict[int, Standing] = field(default_factory=dict)
    ended: bool = False
    """Whether every analysis has ended."""
    recoveries: list[Recovery] = field(default_factory=list)
    _changed_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Read the state of everything; skipped if the database does not respond."""
        try:
            with reading(self.database) as session:
                rows = session.exec(select(Segment.id, col(Segment.state), Segment.attempts)).all()
                open_analyses = select(Analysis.id).where(col(Analysis.state).not_in(states.ENDED))
                ended = session.exec(open_analyses).first() is None
        except NightreelError:
            return
        finally:
            self.database.dispose()  # a killed stack's database file must stay as it was left
        self._note({id: Standing(state, attempts) for id, state, attempts in rows}, ended)

    def until(self, happened: Callable[[], bool]) -> None:
        """Poll until `happened` returns True.

        Raises Stalled if nothing changes for five minutes or the services end.
        """
        self._changed_at = time.monotonic()
        while not happened():
            if time.monotonic() - self._changed_at > STALLED_SECONDS:
                raise Stalled("The job does not go on.")
            if not self.is_up():
                raise Stalled("The services have ended by themselves.")
            time.sleep(LOOK_SECONDS)
            self.look()

    def keep_looking(self, seconds: float) -> None:
        """Poll for this many seconds. Raises Stalled as `until`."""
        over_at = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= over_at)

    def expect_recovery(self) -> Recovery:
        """Start to watch the recovery from a fault that strikes now."""
        self.look()
        struck = {id for recovery in self.recoveries for id in recovery.held}
        running = self._in(State.RUNNING)
        held = {id: segment.attempts for id, segment in running.items() if id not in struck}
        recovery = Recovery(held, set(self._in(State.WAITING)))
        self.recoveries.append(recovery)
        return recovery

    @property
    def may_be_struck(self) -> bool:
        """Whether segments are running and none of them is near its last attempt: otherwise random
        kills alone could quarantine a segment."""
        running = self._in(State.RUNNING).values()
        return bool(running) and all(s.attempts < MAX_ATTEMPTS - 1 for s in running)

    @property
    def goes_on(self) -> bool:
        """Whether a segment that was not claimed at the latest fault has ended."""
        return not self.recoveries or self.recoveries[-1].fresh_done

    @property
    def waiting(self) -> int:
        """Number of segments that are not claimed."""
        return len(self._in(State.WAITING))

    @property
    def done(self) -> int:
        """Number of segments that are done."""
        return len(self._in(State.DONE))

    @property
    def quarantined(self) -> int:
        """Number of segments in quarantine."""
        return len(self._in(State.QUARANTINED))

    @property
    def repeated(self) -> int:
        """Number of attempts beyond the first of each segment."""
        return sum(max(segment.attempts - 1, 0) for segment in self.segments.values())

    def _in(self, state: State) -> dict[int, Standing]:
        return {id: segment for id, segment in self.segments.items() if segment.state is state}

    def _note(self, segments: dict[int, Standing], ended: bool) -> None:
        now = time.monotonic()
        if (segments, ended) != (self.segments, self.ended):
            self._changed_at = now
        self.segments, self.ended = segments, ended
        for recovery in self.recoveries:
            recovery.look(segments, now)
