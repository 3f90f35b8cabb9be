"""A thousand segments: what the worker's processes hold early on, and what they hold at the end."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil

from bench.chaos.campaign import Campaign, Job
from bench.chaos.tally import Tally
from pipeline.plan import Plan

NAME = "soak"
SEGMENTS = 1000
LOOK_EVERY_SECONDS = 1.0
WARM_SEGMENTS = 700
"""Not counted, and done besides: until then the allocator's arena grows to what the work needs."""
BLOCKS = 10
"""Looks that follow one another are not independent of each other; means of so many parts are."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one process held when so many segments were done."""

    process: int
    done: int
    megabytes: float
    files: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A straight line through what was held."""

    megabytes: float
    """Growth in a thousand segments."""
    noise: float
    """Twice the standard error of that."""
    files: int
    """The most open files in the last third, less the most in the first third."""

    @property
    def is_none(self) -> bool:
        """Whether nothing grows, within noise."""
        return self.megabytes <= self.noise and self.files <= 0


def run(campaign: Campaign, tally: Tally, *, segments: int) -> None:
    """Ask for the same clips under plan after plan, and look at the workers while they work."""
    shape, clips = campaign.lab.shape, campaign.lab.clips
    a_plan = len(clips) * (shape.clip_seconds // shape.segment_seconds)
    plans = (segments + WARM_SEGMENTS - 1) // a_plan  # the job itself is one
    more = list(_again(clips, shape.plan, plans))
    with campaign.job(None, more=more) as job:
        held = list(_watched(job))
        tally.jobs, tally.left_running = 1, job.running.stop()
        tally.begun_again, tally.given_up = job.watch.repeated, job.watch.quarantined
        tally.notes.append(f"{job.watch.done} segments done")
    _judge([one for one in held if one.done >= WARM_SEGMENTS], tally)


def _again(clips: Sequence[Path], plan: Plan, plans: int) -> Iterator[tuple[Path, Plan]]:
    for number in range(plans):
        other = replace(plan, best_faces=plan.best_faces + 1 + number)
        yield from ((clip, other) for clip in clips)


def _watched(job: Job) -> Iterator[Held]:
    while not job.watch.ended:
        job.watch.keep_looking(LOOK_EVERY_SECONDS)
        for child in job.running.worker_children():
            with suppress(psutil.Error):
                megabytes = child.memory_info().rss / 1e6
                yield Held(child.pid, job.watch.done, megabytes, child.num_fds())


def _judge(held: Sequence[Held], tally: Tally) -> None:
    growth = growth_of(held)
    if not growth.is_none:
        tally.complaints.append("the worker's processes grow")
    thirds = np.array_split([one.megabytes for one in held], 3)
    levels = ", ".join(f"{part.mean():.1f}" for part in thirds)
    tally.notes.append(
        f"memory of a process: {levels} MB in the thirds of the time, "
        f"{growth.megabytes:+.2f} ± {growth.noise:.2f} MB in a thousand segments; "
        f"open files: {max(one.files for one in held)} at most, {growth.files:+d}"
    )


def growth_of(held: Sequence[Held]) -> Growth:
    """Fit a line through what each process held beside its own mean; `held` in order of time."""
    levels = {
        process: float(np.mean([one.megabytes for one in held if one.process == process]))
        for process in {one.process for one in held}
    }
    points = np.array([(one.done / 1000, one.megabytes - levels[one.process]) for one in held])
    means = np.array([part.mean(axis=0) for part in np.array_split(points, BLOCKS)])
    (slope, _), covariance = np.polyfit(means[:, 0], means[:, 1], 1, cov=True)
    third = len(held) // 3
    early, late = (max(one.files for one in part) for part in (held[:third], held[-third:]))
    return Growth(float(slope), 2 * float(np.sqrt(covariance[0, 0])), late - early)
