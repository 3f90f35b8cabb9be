"""Measures a backup in the middle of work, restored elsewhere: `python -m bench.backup`.

The known job of `bench.chaos` (120 segments, two workers) is backed up while at least fifty
segments are still to be processed, and then deleted. The backup is restored into another home and
database, workers process the rest there, and the results are compared with an undisturbed run.
"""

import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlmodel import col, func, select

from bench.chaos.digest import content
from bench.chaos.footage import Shape
from bench.chaos.lab import Lab, Prepared, database_of, media_of
from bench.chaos.running import Running
from bench.chaos.stores import PostgresStore, SqliteStore, Store
from storage.database.database import Engine, connect, reading
from storage.tables import Analysis, Segment, State

SHAPE = Shape(clips=10, clip_seconds=48, segment_seconds=4, interval_ms=200)
LEAST_OPEN = 50
TIMEOUT_SECONDS = 1800.0


@dataclass(frozen=True, slots=True)
class Trial:
    """The results for one kind of database."""

    database: str
    open_before: int
    open_after: int
    backup_seconds: float
    megabytes: float
    restore_seconds: float
    restored_done: int
    lost: int
    twice: int
    audit_entries: int


def main() -> None:
    """Print a Markdown table with one row per kind of database."""
    print(f"load {os.getloadavg()[0]:.0f} before\n")
    print("| database | segments open, before and after | backup, s | MB | restore, s "
          "| done at that moment | lost | twice | audit entries whole |")  # fmt: skip
    print("| --- " * 9 + "|")
    for name, make in (("SQLite", SqliteStore), ("PostgreSQL", PostgresStore)):
        with tempfile.TemporaryDirectory(prefix="nightreel-") as folder:
            trial = _trial(name, Path(folder), make)
        print(f"| {name} | {trial.open_before}, {trial.open_after} | {trial.backup_seconds:.1f} "
              f"| {trial.megabytes:.1f} | {trial.restore_seconds:.1f} | {trial.restored_done} "
              f"| {trial.lost} | {trial.twice} | {trial.audit_entries} |", flush=True)  # fmt: skip


def _trial(name: str, folder: Path, make: Callable[[Path], Store]) -> Trial:
    store = make(folder)
    try:
        return _tried(name, folder, store)
    finally:
        store.close()


def _tried(name: str, folder: Path, store: Store) -> Trial:
    lab = Lab(folder, store, SHAPE, {"NIGHTREEL_WORKERS": "2"})
    here, backup = lab.prepare(), folder / "backup"
    with _running(here) as running:
        _wait(here, lambda states: states.get(State.DONE, 0) >= 5)
        before = _open(here)
        began = time.monotonic()
        made = _command(running, "backup", str(backup))
        taken = time.monotonic() - began
        after = _open(here)
    assert before >= LEAST_OPEN, before
    there = _prepared(folder / "there", store, here)
    shutil.rmtree(here.home)
    running = Running(there.home, there.environment)
    began = time.monotonic()
    restored = _command(running, "restore", str(backup))
    needed = time.monotonic() - began
    done = _states(there).get(State.DONE, 0)
    running.stop()
    with _running(there):
        _wait_for_end(there)
    database = database_of(there)
    restored_rows = content(database, media_of(there))
    database.dispose()
    return Trial(
        database=name,
        open_before=before,
        open_after=after,
        backup_seconds=taken,
        megabytes=made["bytes"] / 1e6,
        restore_seconds=needed,
        restored_done=done,
        lost=(lab.expected - restored_rows).total(),
        twice=(restored_rows - lab.expected).total(),
        audit_entries=restored["audit"]["entries"],
    )


def _prepared(home: Path, store: Store, like: Prepared) -> Prepared:
    """A home folder that does not exist yet, and an empty database."""
    url = store.empty_for(home)
    address = {} if url.startswith("sqlite") else {"NIGHTREEL_DATABASE_URL": url}
    return Prepared(home, url, like.environment | address)


@contextmanager
def _running(prepared: Prepared) -> Iterator[Running]:
    running = Running(prepared.home, prepared.environment)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def _command(running: Running, *arguments: str) -> Any:
    done = running.command(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _open(prepared: Prepared) -> int:
    states = _states(prepared)
    return states.get(State.WAITING, 0) + states.get(State.RUNNING, 0)


def _states(prepared: Prepared) -> dict[str, int]:
    database = connect(prepared.url)
    with reading(database) as session:
        counted = select(Segment.state, func.count()).group_by(col(Segment.state))
        counts = dict(session.exec(counted).all())
    database.dispose()
    return counts


def _wait(prepared: Prepared, happened: Callable[[dict[str, int]], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not happened(_states(prepared)):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.2)


def _wait_for_end(prepared: Prepared) -> None:
    def ended(_: object) -> bool:
        database: Engine = connect(prepared.url)
        with reading(database) as session:
            states = set(session.exec(select(Analysis.state)))
        database.dispose()
        return states <= {State.DONE, State.GAPS, State.FAILED}

    _wait(prepared, ended)


if __name__ == "__main__":
    main()
