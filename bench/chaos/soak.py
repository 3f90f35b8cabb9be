"""Runs a thousand segments and compares the memory of the worker's processes early and late."""

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
"""Additional segments that are not counted: during these the allocator's arena grows to what the
work needs."""
BLOCKS = 10
"""Consecutive samples are not independent; the means of this many parts are."""


@dataclass(frozen=True, slots=True)
class Held:
    """Memory and open files of one process when `done` segments were done."""

    process: int
    done: int
    megabytes: float
    files: int


@dataclass(frozen=True, slots=True)
class Growth:
    """A straight line fitted to the memory."""

    megabytes: float
    """Growth per thousand segments."""
    noise: float
    """Twice its standard error."""
    files: int
    """The most open files in the last third, minus the most in the first third."""

    @property
    def is_none(self) -> bool:
        """Whether nothing grows, within noise."""
        return self.megabytes <= self.noise and self.files <= 0


def run(campaign: Campaign, tally: Tally, *, segments: int) -> None:
    """Queue the same clips under plan after plan, and sample the workers' memory meanwhile."""
    shape, clips = campaign.lab.shape, campaign.lab.clips
    a_plan = len(clips) * (shape.clip_seconds // shape.segment_seconds)
    plans = (segments + WARM_SEGMENTS - 1) // a_plan  # the job itself is one more
    more = list(_again(clips, shape.plan, plans))
    with campaign.job(None, more=more) as job:
        held = list(_watched(job))
        tally.jobs, tally.left_running = 1, job.running.stop()
        tally.begun_again, tally.given_up = job.watch.repeated, job.watch.quarantined
        tally.notes.append(f"{job.watch.done} segments done")
    _judge([sample for sample in held if sample.done >= WARM_SEGMENTS], tally)


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
    thirds = np.array_split([sample.megabytes for sample in held], 3)
    levels = ", ".join(f"{part.mean():.1f}" for part in thirds)
    tally.notes.append(
        f"memory of a process: {levels} MB in the thirds of the time, "
        f"{growth.megabytes:+.2f} ± {growth.noise:.2f} MB in a thousand segments; "
        f"open files: {max(sample.files for sample in held)} at most, {growth.files:+d}"
    )


def growth_of(held: Sequence[Held]) -> Growth:
    """Fit a line to each process's memory minus its mean; `held` is in order of time."""
    levels = {
        process: float(np.mean([sample.megabytes for sample in held if sample.process == process]))
        for process in {sample.process for sample in held}
    }
    points = np.array([(s.done / 1000, s.megabytes - levels[s.process]) for s in held])
    means = np.array([part.mean(axis=0) for part in np.array_split(points, BLOCKS)])
    (slope, _), covariance = np.polyfit(means[:, 0], means[:, 1], 1, cov=True)
    third = len(held) // 3
    early, late = (max(sample.files for sample in part) for part in (held[:third], held[-third:]))
    return Growth(float(slope), 2 * float(np.sqrt(covariance[0, 0])), late - early)
