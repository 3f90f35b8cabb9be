"""Judges from the ledger's vitals whether work proceeds as it should. Pure: reads no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.planning.windows import Windows
from storage.jobs.vitals import Vitals
from storage.tables import State


@dataclass(frozen=True, slots=True)
class Expectations:
    """What counts as normal in this installation."""

    queues: tuple[str, ...]
    sites: Mapping[str, str]
    """The site whose segments are in a queue, by queue."""
    windows: Windows
    lease_seconds: int
    stale_seconds: int
    """A queue without a sign of life for longer than this is reported."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A problem that a person should look into."""

    key: str
    """Stays the same while the problem lasts, and is never used again."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Health:
    """The result of `judge`."""

    troubles: tuple[Trouble, ...]
    silence_seconds: dict[str, float]
    """Time since a queue last gave a sign of life, by queue; without queues that never did."""
    window_open: bool

    @property
    def well(self) -> bool:
        """Whether there is no trouble."""
        return not self.troubles


def judge(vitals: Vitals, expected: Expectations, now: datetime) -> Health:
    """Find queues that are not served and work that no worker does.

    Work that is paused, or that waits for its window, is no trouble.
    """
    signs = {queue: _sign_of_life(queue, vitals, expected) for queue in expected.queues}
    return Health(
        troubles=(*_silent(signs, expected, now), *_idle(vitals, expected, now)),
        silence_seconds={
            queue: max(0.0, (now - sign).total_seconds()) for queue, sign in signs.items() if sign
        },
        window_open=expected.windows.is_open(now),
    )


def _sign_of_life(queue: str, vitals: Vitals, expected: Expectations) -> datetime | None:
    """When a queue's last canary was done or, if later, a lease of its site's segments was last
    renewed: while all workers process segments, no canary is done."""
    signs = [vitals.canaries.get(queue)]
    if queue in expected.sites:
        signs.append(_last_beat(vitals, expected, expected.sites[queue]))
    return max((sign for sign in signs if sign), default=None)


def _last_beat(vitals: Vitals, expected: Expectations, *sites: str) -> datetime | None:
    ends = [vitals.lease_until[site] for site in sites if site in vitals.lease_until]
    return max(ends) - timedelta(seconds=expected.lease_seconds) if ends else None


def _silent(
    signs: dict[str, datetime | None], expected: Expectations, now: datetime
) -> Iterator[Trouble]:
    for queue, sign in signs.items():
        if sign is None:
            yield Trouble(
                f"stale:{queue}:never",
                f"Queue {queue} has never been served; check workers and beat.",
            )
        elif (silence := now - sign) > timedelta(seconds=expected.stale_seconds):
            yield Trouble(
                f"stale:{queue}:{sign.isoformat()}",
                f"Queue {queue} has not been served for {spoken(silence.total_seconds())}; "
                "check workers, beat and the broker.",
            )


def _idle(vitals: Vitals, expected: Expectations, now: datetime) -> Iterator[Trouble]:
    grace = timedelta(seconds=expected.stale_seconds)
    waiting_since = _may_begin_since(vitals, expected.windows, now, grace)
    if waiting_since is None:
        return
    signs = (waiting_since, vitals.finished_at, _last_beat(vitals, expected, *vitals.lease_until))
    since = max(sign for sign in signs if sign)
    if now - since > grace:
        idle, waiting = spoken((now - since).total_seconds()), vitals.segments[State.WAITING]
        yield Trouble(
            f"idle:{since.isoformat()}",
            f"No worker activity for {idle}, though segments are queued: {waiting}; "
            "see the workers' log.",
        )


def _may_begin_since(
    vitals: Vitals, windows: Windows, now: datetime, grace: timedelta
) -> datetime | None:
    """Since when a segment that may start has been waiting; a window that opened less than `grace`
    ago does not count yet."""
    if windows.is_open(now) and windows.is_open(now - grace):
        return min(vitals.waiting_since.values(), default=None)
    return vitals.any_time_since


def spoken(seconds: float) -> str:
    """A duration in words: `40 s`, `7 min`, `2 h 5 min`."""
    hours, minutes = int(seconds // 3600), int(seconds // 60 % 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{int(seconds)} s"
