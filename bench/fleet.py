"""How work grows with workers: `python -m bench.fleet [FILM] [LOOPS]`.

The same footage is watched by one worker process, by two and, where there are cores, by four. What
counts is how fast footage is watched while all of them are at work, by the ledger's own clock: a
process's first segment, for which it loads its networks, is left out, and so is the end, when
there is no segment left for one of them. Without FILM the demo's is drawn, as often as LOOPS says.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from sqlmodel import col, select

from demo import film
from demo.portraits import FOLDER
from footage.executables import choose
from storage.database.database import connect, reading
from storage.tables import Segment

PHOTO = FOLDER / "astronaut.jpg"
NIGHTREEL = Path(sys.executable).with_name("nightreel")


@dataclass(frozen=True, slots=True)
class Done:
    """One segment, by whom and when."""

    process: str
    begun: datetime
    ended: datetime
    footage_ms: int


@dataclass(frozen=True, slots=True)
class Speed:
    """What some workers did."""

    warm: float
    """Seconds of footage a second, while all were at work."""
    whole_seconds: float
    """Of the command, start and end included."""
    processor_seconds: float
    """Of all its processes together."""


def main(source: str = "", times: str = "20") -> None:
    """Print a Markdown table of speeds and ratios."""
    loops = int(times)
    with tempfile.TemporaryDirectory() as folder:
        footage = Path(folder) / "footage.mp4"
        _prepare(footage, source, loops)
        cores = len(os.sched_getaffinity(0))
        print(f"{Path(source).name or 'the demo film'}, {loops} times, {cores} cores, "
              f"load {os.getloadavg()[0]:.0f} before\n")  # fmt: skip
        print("| workers | x real time, warm | of linear | whole command, s | processor, s |")
        print("| --- | --- | --- | --- | --- |")
        one = 0.0
        for workers in (n for n in (1, 2, 4) if n <= cores):
            speed = _watch(footage, workers)
            one = one or speed.warm
            print(f"| {workers} | {speed.warm:.2f} | {speed.warm / one / workers:.2f} |"
                  f" {speed.whole_seconds:.0f} | {speed.processor_seconds:.0f} |",
                  flush=True)  # fmt: skip


def _prepare(footage: Path, source: str, loops: int) -> None:
    if not source:
        film.write(footage, film.SCENES * loops)
        return
    command = [choose(), "-nostdin", "-v", "error", "-stream_loop", str(loops - 1), "-i", source]
    subprocess.run([*command, "-c", "copy", "-an", str(footage)], check=True)


def _watch(footage: Path, workers: int) -> Speed:
    with tempfile.TemporaryDirectory() as home:
        environment = {"NIGHTREEL_HOME": home, "NIGHTREEL_WORKERS": str(workers)}
        command = [str(NIGHTREEL), "process", str(footage), "--person", f"A={PHOTO}", "--json"]
        before, begun = _processor_seconds(), time.monotonic()
        subprocess.run(command, env=os.environ | environment, capture_output=True, check=True)
        whole_seconds = time.monotonic() - begun
        done = _done(f"sqlite:///{home}/nightreel.db")
    return Speed(_warm(done), whole_seconds, _processor_seconds() - before)


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _done(url: str) -> list[Done]:
    engine = connect(url)
    with reading(engine) as session:
        rows = session.exec(select(Segment).order_by(col(Segment.started_at))).all()
    engine.dispose()
    found = []
    for row in rows:
        assert row.lease_owner and row.started_at and row.finished_at
        process = row.lease_owner.partition(".")[0]
        found.append(Done(process, row.started_at, row.finished_at, row.end_ms - row.start_ms))
    return found


def _warm(done: Sequence[Done]) -> float:
    """Footage watched between when the last process had ended its first segment and when the first
    had ended its last; a segment counts as far as it lies in that time."""
    ordered = sorted(done, key=lambda one: (one.process, one.begun))
    shares = [list(group) for _, group in groupby(ordered, key=lambda one: one.process)]
    begin = max(share[0].ended for share in shares)
    end = min(share[-1].ended for share in shares)
    watched_ms = sum(
        one.footage_ms
        * max(0.0, (min(one.ended, end) - max(one.begun, begin)).total_seconds())
        / (one.ended - one.begun).total_seconds()
        for one in done
    )
    return watched_ms / 1000 / (end - begin).total_seconds()


if __name__ == "__main__":
    main(*sys.argv[1:])
