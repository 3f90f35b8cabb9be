"""Runs jobs and the faults that strike them, one after the other."""

import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.chaos.digest import content, crops
from bench.chaos.faults import Fault, Scene
from bench.chaos.lab import Lab, Prepared, database_of, media_of
from bench.chaos.running import Running
from bench.chaos.tally import Tally
from bench.chaos.watching import Stalled, Watch
from errors import PictureLost, StoreUnavailable
from pipeline.plan import Plan
from storage.files.sealed import SealedMedia

LONGEST_CALM_SECONDS = 3.0
LEAST_WAITING = 6
"""A job with fewer segments left is not struck any more: too little work would be left."""


@dataclass(frozen=True, slots=True)
class Campaign:
    """One run of the harness on one lab."""

    lab: Lab
    random: Random
    pace: float = 1.0

    def run(self, faults: Sequence[Fault], tallies: Mapping[str, Tally], disk: Path | None) -> None:
        """Strike with all these faults, in this order, in as many jobs as needed."""
        left = list(faults)
        while left:
            with self.job(disk, settings=left[0].settings) as job:
                struck = job.strike(left, tallies)
                job.finish([tallies[fault.name] for fault in struck or left[:1]], self.lab)
            if not struck:
                tallies[left[0].name].complaints.append("The job gave no occasion to strike.")
                return
            del left[: len(struck)]
            _say(f"{len(left)} of {len(faults)} faults are left")

    @contextmanager
    def job(
        self,
        disk: Path | None,
        *,
        settings: dict[str, str] | None = None,
        more: Sequence[tuple[Path, Plan]] = (),
    ) -> Iterator["Job"]:
        """A running job; all of it is removed afterwards."""
        home = disk / "home" if disk else None
        prepared = self.lab.prepare(home, settings=settings, more=more)
        running = Running(prepared.home, prepared.environment)
        scene = Scene(running, self.lab.store, self.random, self.pace)
        try:
            running.start()
            yield Job(prepared, running, scene, Watch(database_of(prepared), running.is_up))
        finally:
            running.stop()
            shutil.rmtree(prepared.home, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class Job:
    """The known job while it runs."""

    prepared: Prepared
    running: Running
    scene: Scene
    watch: Watch

    @property
    def media(self) -> SealedMedia:
        """The job's picture store."""
        return media_of(self.prepared)

    def strike(self, faults: Sequence[Fault], tallies: Mapping[str, Tally]) -> list[Fault]:
        """Strike at random moments while enough work is left; returns the faults that struck."""
        struck: list[Fault] = []
        for fault in faults:
            if not self._wait_for_a_moment():
                break
            self._strike(fault, tallies[fault.name])
            struck.append(fault)
        return struck

    def finish(self, tallies: Sequence[Tally], lab: Lab) -> None:
        """Let the job end, stop the stack, and count the results."""
        distinct = list({id(tally): tally for tally in tallies}.values())
        try:
            self.watch.until(lambda: self.watch.ended)
        except Stalled as error:
            distinct[0].complaints.append(str(error))
        left = self.running.stop()
        for tally in distinct:
            tally.jobs += 1
            tally.left_running += left
            tally.begun_again += self.watch.repeated
            tally.given_up += self.watch.quarantined
            tally.compare(lab.expected, content(self.watch.database, self.media))
            tally.lost += self._missing_crops()
        for tally, recovery in zip(tallies, self.watch.recoveries, strict=False):
            if recovery.seconds is not None:
                tally.recovery_seconds.append(recovery.seconds)

    def _wait_for_a_moment(self) -> bool:
        """Wait until work proceeds, and a random time longer; False near the job's end."""
        watch = self.watch
        try:
            watch.until(lambda: watch.ended or (watch.goes_on and watch.may_be_struck))
            watch.keep_looking(self.scene.random.uniform(0, LONGEST_CALM_SECONDS) * self.scene.pace)
            watch.until(lambda: watch.ended or watch.may_be_struck)
        except Stalled:
            return False
        return watch.waiting >= LEAST_WAITING * self.scene.pace

    def _strike(self, fault: Fault, tally: Tally) -> None:
        recovery = self.watch.expect_recovery()
        struck = fault.strike(self.scene)
        recovery.since = struck.over_at
        _say(f"{fault.name}, with {self.watch.done} done and {self.watch.waiting} waiting")
        tally.faults += 1
        tally.killed += struck.killed
        if struck.gone_seconds is not None:
            tally.gone_seconds.append(struck.gone_seconds)
        if struck.complaint:
            tally.complaints.append(struck.complaint)

    def _missing_crops(self) -> int:
        return sum(not _is_there(self.media, name) for name in crops(self.watch.database))


def _is_there(media: SealedMedia, name: str) -> bool:
    try:
        return bool(media.read(name))
    except (PictureLost, StoreUnavailable):
        return False


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
