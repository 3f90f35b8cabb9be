"""Forecast when footage will be processed, from the recent speed. Pure: no clock, no I/O.

Work is counted in units that take about the same time for any footage: the megapixels to analyse.
Half the smallest face size counts four times.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Self

from pipeline.plan import Plan
from pipeline.planning.windows import Windows
from storage.jobs.pace import RemainingWork, WatchedSegment

HORIZON = timedelta(days=366)
"""Jobs that would end later have no expected end."""
KEYFRAMES_PER_SECOND = 0.5
"""A guess; it matters only if a plan must be compared with one that was not measured yet."""
_FINEST_FACE_PX = 20


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds that one process needs for a unit of work, where measured."""

    of_plan: dict[str, float] = field(default_factory=dict)
    """By plan key."""
    of_engine: dict[str, float] = field(default_factory=dict)

    @classmethod
    def measured(cls, segments: Iterable[WatchedSegment]) -> Self:
        """The pace over these segments, by plan, and by engine across its plans."""
        by_plan: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        by_engine: defaultdict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for item in segments:
            for sums in (by_plan[item.plan_key], by_engine[Plan.from_body(item.plan_body).engine]):
                sums[0] += item.work_seconds
                sums[1] += units(item)
        return cls(_ratios(by_plan), _ratios(by_engine))

    def work_seconds(self, work: RemainingWork) -> float | None:
        """Seconds that one process needs for `work`; None if plan and engine are unmeasured."""
        engine = Plan.from_body(work.plan_body).engine
        pace = self.of_plan.get(work.plan_key, self.of_engine.get(engine))
        return None if pace is None else pace * units(work)


@dataclass(frozen=True, slots=True)
class Forecast:
    """When each analysis is expected to be processed."""

    ends: dict[int, datetime | None]
    """By analysis, in the order of the work; None when unknown, paused or beyond the horizon."""
    speed: float | None
    """Seconds of footage per second, by all workers, while windows are open; None if unknown."""

    @property
    def end(self) -> datetime | None:
        """When the last analysis ends; None if any end is unknown, or there is no analysis."""
        ends = [end for end in self.ends.values() if end is not None]
        return max(ends, default=None) if len(ends) == len(self.ends) else None

    def only(self, analysis_ids: Collection[int]) -> "Forecast":
        """The forecast for some of the analyses; the speed is unchanged."""
        return replace(self, ends={id: self.ends[id] for id in self.ends if id in analysis_ids})

    def late(self, finish_by: datetime) -> list[int]:
        """The analyses that are not expected to end by then, including unknown ends."""
        return [id for id, end in self.ends.items() if end is None or end > finish_by]


@dataclass(frozen=True, slots=True)
class _Job:
    analysis_id: int
    left: timedelta
    """If all workers process it."""
    any_time: bool


def units(work: RemainingWork | WatchedSegment) -> float:
    """The amount of work: frames x megapixels x closeness."""
    plan = Plan.from_body(work.plan_body)
    scale = min(1.0, plan.max_side_px / max(work.width, work.height))
    megapixels = work.width * work.height * scale**2 / 1e6
    per_second = KEYFRAMES_PER_SECOND if plan.mode == "keyframes" else 1000 / plan.interval_ms
    closeness = (_FINEST_FACE_PX / plan.min_face_px) ** 2
    return work.footage_ms / 1000 * per_second * megapixels * closeness


def forecast(
    work: Sequence[RemainingWork], pace: Pace, *, workers: int, windows: Windows, now: datetime
) -> Forecast:
    """When each analysis ends, if `workers` processes do `work` in this order inside the windows.

    Paused work is skipped. The end of everything after work of unknown length is unknown too.
    """
    active = [item for item in work if not item.paused]
    lengths = [pace.work_seconds(item) if workers else None for item in active]
    number_known = lengths.index(None) if None in lengths else len(lengths)
    jobs = [
        _Job(item.analysis_id, timedelta(seconds=seconds / workers), item.any_time)
        for item, seconds in zip(active[:number_known], lengths, strict=False)
        if seconds is not None
    ]
    ends: dict[int, datetime | None] = {item.analysis_id: None for item in work}
    for begin, end, is_open in _shifts(windows, now):
        jobs = _pass_shift(jobs, begin, end, is_open, ends)
        if not jobs:
            break
    return Forecast(ends, _speed(active[:number_known], pace, workers))


def _pass_shift(
    jobs: Sequence[_Job],
    begin: datetime,
    end: datetime,
    is_open: bool,
    ends: dict[int, datetime | None],
) -> list[_Job]:
    """Work from `begin` to `end`, enter finished jobs into `ends`, return the remaining ones."""
    left = []
    clock = begin
    for job in jobs:
        if clock >= end or not (is_open or job.any_time):
            left.append(job)
        elif clock + job.left <= end:
            clock = ends[job.analysis_id] = clock + job.left
        else:
            left.append(replace(job, left=job.left - (end - clock)))
            clock = end
    return left


def _shifts(windows: Windows, now: datetime) -> Iterator[tuple[datetime, datetime, bool]]:
    """The time up to the horizon, as open and closed stretches."""
    horizon = now + HORIZON
    while now < horizon:
        is_open = windows.is_open(now)
        border = windows.closes_at(now) if is_open else windows.opens_at(now)
        end = min(border or horizon, horizon)
        yield now, end, is_open
        now = end


def _speed(work: Sequence[RemainingWork], pace: Pace, workers: int) -> float | None:
    footage_seconds = sum(item.footage_ms for item in work) / 1000
    work_seconds = sum(pace.work_seconds(item) or 0.0 for item in work)
    return footage_seconds * workers / work_seconds if work_seconds else None


def _ratios(sums: dict[str, list[float]]) -> dict[str, float]:
    return {key: seconds / amount for key, (seconds, amount) in sums.items() if amount}
