"""One run of the harness: which faults run on which database, in which order."""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from random import Random

from bench.chaos import poison, soak
from bench.chaos.campaign import Campaign
from bench.chaos.disk import small_disk
from bench.chaos.faults import FAULTS, Fault
from bench.chaos.footage import Shape
from bench.chaos.lab import Lab
from bench.chaos.stores import PostgresStore, SqliteStore, Store
from bench.chaos.tally import Tally

LONG = Shape(clips=10, clip_seconds=120, segment_seconds=10, interval_ms=100)
SHORT = Shape(clips=4, clip_seconds=28, segment_seconds=4, interval_ms=200)
SHORT_PACE = 0.1
SHORT_LEASE_SECONDS = 5
NAMES = (*FAULTS, *poison.KINDS, soak.NAME)


@dataclass(frozen=True, slots=True)
class Request:
    """The options of a run."""

    names: Sequence[str]
    runs: int | None
    """Number of faults of each kind; None for the version's default."""
    seed: int
    database: str
    short: bool

    @property
    def pace(self) -> float:
        """Factor for the length of waits and of faults that last."""
        return SHORT_PACE if self.short else 1.0

    @property
    def environment(self) -> dict[str, str]:
        """Environment of every process: default settings, except the short version's lease."""
        lease = {"NIGHTREEL_LEASE_SECONDS": str(SHORT_LEASE_SECONDS)} if self.short else {}
        return {"NIGHTREEL_WORKERS": "2"} | lease

    def runs_of(self, default: int) -> int:
        """Number of faults of a kind."""
        return self.runs or (1 if self.short else default)

    def database_of(self, name: str) -> str:
        """The kind of database on which a fault is tried."""
        return (FAULTS[name].database if name in FAULTS else "") or self.database


def run(request: Request) -> list[Tally]:
    """Run everything that was requested, database by database; removes all files afterwards."""
    tallies: list[Tally] = []
    with tempfile.TemporaryDirectory(prefix="nightreel-chaos-") as folder:
        ordered = sorted(request.names, key=request.database_of)
        for database, names in groupby(ordered, key=request.database_of):
            place = Path(folder) / database
            place.mkdir()
            with _store(database, place) as store:
                shape = SHORT if request.short else LONG
                lab = Lab(place, store, shape, request.environment)
                tallies += _Session(request, lab, database).run(list(names))
    return tallies


@contextmanager
def _store(database: str, folder: Path) -> Iterator[Store]:
    store = SqliteStore(folder) if database == "sqlite" else PostgresStore(folder)
    try:
        yield store
    finally:
        store.close()


@dataclass(frozen=True, slots=True)
class _Session:
    """All faults on one kind of database."""

    request: Request
    lab: Lab
    database: str

    def run(self, names: Sequence[str]) -> list[Tally]:
        faults = [FAULTS[name] for name in names if name in FAULTS]
        tallies = {fault.name: self._tally(fault.name) for fault in faults}
        for group in self._groups(faults):
            self._strike(group, tallies)
        others = [self._other(name) for name in names if name not in FAULTS]
        return [*tallies.values(), *others]

    def _groups(self, faults: Sequence[Fault]) -> list[list[Fault]]:
        """Each kind of fault in its own jobs; in the short version as many as possible in one."""
        if not self.request.short:
            return [[fault] * self.request.runs_of(fault.runs) for fault in faults]
        repeated = [fault for fault in faults for _ in range(self.request.runs_of(1))]
        by_settings = sorted(repeated, key=lambda fault: sorted(fault.settings))
        return [list(group) for _, group in groupby(by_settings, lambda fault: fault.settings)]

    def _strike(self, faults: list[Fault], tallies: dict[str, Tally]) -> None:
        names = list(dict.fromkeys(fault.name for fault in faults))
        _say(f"{', '.join(names)}: {len(faults)} faults")
        campaign = Campaign(self.lab, self._random("+".join(names)), self.request.pace)
        if not any(fault.on_small_disk for fault in faults):
            campaign.run(faults, tallies, None)
            return
        with small_disk(self.lab.folder / "disk") as disk:
            if disk is None:
                tallies["disk"].notes.append("left out: this machine lets no small disk be mounted")
                faults = [fault for fault in faults if not fault.on_small_disk]
            campaign.run(faults, tallies, disk)

    def _other(self, name: str) -> Tally:
        _say(name)
        campaign = Campaign(self.lab, self._random(name), self.request.pace)
        tally = self._tally(name)
        if name == soak.NAME:
            soak.run(campaign, tally, segments=self.request.runs_of(soak.SEGMENTS))
        else:
            poison.run(campaign, tally, clips=self.request.runs_of(poison.CLIPS))
        return tally

    def _tally(self, name: str) -> Tally:
        return Tally(name, self.database, self.request.seed)

    def _random(self, name: str) -> Random:
        """A generator that gives the same moments, whatever other faults are requested."""
        return Random(f"{self.request.seed} {name}")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)
