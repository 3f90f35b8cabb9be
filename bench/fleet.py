"""Measures how speed grows with the number of workers: `python -m bench.fleet [FILM] [LOOPS]`.

The same footage is processed by one worker process, by two and, if there are enough cores, by four.
The result is the speed of processing while all of them work, by the ledger's own clock. A process's
first segment, for which it loads its networks, is left out, and so is the end, when there is no
segment left for one of them. Without FILM the demo's film is drawn, LOOPS times.
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
    """A processed segment: by which process and when."""

    process: str
    begun: datetime
    ended: datetime
    footage_ms: int


@dataclass(frozen=True, slots=True)
class Speed:
    """The speed of some number of workers."""

    warm: float
    """Seconds of footage per second while all workers were busy."""
    whole_seconds: float
    """Duration of the command, including start and end."""
    processor_seconds: float
    """Processor time of all its processes together."""


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
        single = 0.0
        for workers in (n for n in (1, 2, 4) if n <= cores):
            speed = _watch(footage, workers)
            single = single or speed.warm
            print(f"| {workers} | {speed.warm:.2f} | {speed.warm / single / workers:.2f} |"
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
    segments = []
    for row in rows:
        assert row.lease_owner and row.started_at and row.finished_at
        process = row.lease_owner.partition(".")[0]
        segments.append(Done(process, row.started_at, row.finished_at, row.end_ms - row.start_ms))
    return segments


def _warm(done: Sequence[Done]) -> float:
    """Seconds of footage per second, from when the last process ended its first segment until the
    first process ended its last one; a segment counts by the share that lies in that time."""
    ordered = sorted(done, key=lambda segment: (segment.process, segment.begun))
    shares = [list(group) for _, group in groupby(ordered, key=lambda segment: segment.process)]
    begin = max(share[0].ended for share in shares)
    end = min(share[-1].ended for share in shares)
    watched_ms = sum(
        segment.footage_ms
        * max(0.0, (min(segment.ended, end) - max(segment.begun, begin)).total_seconds())
        / (segment.ended - segment.begun).total_seconds()
        for segment in done
    )
    return watched_ms / 1000 / (end - begin).total_seconds()


if __name__ == "__main__":
    main(*sys.argv[1:])
