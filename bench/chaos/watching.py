"""A job seen from outside, a few times a second, and when it went on after a fault."""

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
"""Nothing at all has changed for so long: whatever is left counts as lost."""


class Stalled(NightreelError):
    """A job that does not go on."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a segment stands."""

    state: State
    attempts: int


@dataclass(slots=True)
class Recovery:
    """Whether work has gone on: every segment that was in work has ended, waits again for whoever
    is next or was claimed again; and one that nobody had taken is done."""

    held: dict[int, int]
    """Segments in work at the fault, with their attempts, until that is seen."""
    untouched: set[int]
    since: float = 0.0
    """When the fault was over, on the monotonic clock; 0 while it lasts."""
    seconds: float | None = None
    fresh_done: bool = False

    def look(self, segments: dict[int, Standing], now: float) -> None:
        """Compare with how the segments stand now."""
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
    """Looks at one job's database, which may be away for a while."""

    database: Engine
    is_up: Callable[[], bool]
    """Whether the services have not ended by themselves."""
    segments: dict[int, Standing] = field(default_factory=dict)
    ended: bool = False
    """Whether every analysis has."""
    recoveries: list[Recovery] = field(default_factory=list)
    _changed_at: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Read how everything stands; a database that does not answer is looked at next time."""
        try:
            with reading(self.database) as session:
                rows = session.exec(select(Segment.id, col(Segment.state), Segment.attempts)).all()
                open_analyses = select(Analysis.id).where(col(Analysis.state).not_in(states.ENDED))
                ended = session.exec(open_analyses).first() is None
        except NightreelError:
            return
        finally:
            self.database.dispose()  # a killed stack's file must be found as it was left
        self._note({id: Standing(state, attempts) for id, state, attempts in rows}, ended)

    def until(self, happened: Callable[[], bool]) -> None:
        """Look until something is so.

        Raises Stalled when nothing changes for five minutes or the services have ended.
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
        """Look for so long."""
        over_at = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= over_at)

    def expect_recovery(self) -> Recovery:
        """What there is to be seen after a fault that comes now."""
        self.look()
        known = {id for one in self.recoveries for id in one.held}
        held = {id: one.attempts for id, one in self._in(State.RUNNING).items() if id not in known}
        recovery = Recovery(held, set(self._in(State.WAITING)))
        self.recoveries.append(recovery)
        return recovery

    @property
    def may_be_struck(self) -> bool:
        """Whether work is going on, and no segment in work has been struck before: honest counting
        of crashes must not quarantine what chance alone has killed three times."""
        running = self._in(State.RUNNING)
        return bool(running) and all(one.attempts < MAX_ATTEMPTS - 1 for one in running.values())

    @property
    def goes_on(self) -> bool:
        """Whether something that nobody had taken at the latest fault is done."""
        return not self.recoveries or self.recoveries[-1].fresh_done

    @property
    def waiting(self) -> int:
        """How many segments nobody has taken."""
        return len(self._in(State.WAITING))

    @property
    def done(self) -> int:
        """How many are done."""
        return len(self._in(State.DONE))

    @property
    def quarantined(self) -> int:
        """How many were given up."""
        return len(self._in(State.QUARANTINED))

    @property
    def repeated(self) -> int:
        """How often a segment was begun again."""
        return sum(max(one.attempts - 1, 0) for one in self.segments.values())

    def _in(self, state: State) -> dict[int, Standing]:
        return {id: one for id, one in self.segments.items() if one.state is state}

    def _note(self, segments: dict[int, Standing], ended: bool) -> None:
        now = time.monotonic()
        if (segments, ended) != (self.segments, self.ended):
            self._changed_at = now
        self.segments, self.ended = segments, ended
        for one in self.recoveries:
            one.look(segments, now)
