"""Compares the whole job with the loop that a user would write, and with itself without Celery.

`python -m bench.process [MINUTES]`: every row is a process of its own, including its start, all in
one run on the same film, one after the other.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from demo import film
from demo.portraits import FOLDER

PHOTO = FOLDER / "astronaut.jpg"
NIGHTREEL = Path(sys.executable).with_name("nightreel")


def main(minutes: int = 5) -> None:
    """Print a Markdown table of wall-clock seconds and ratios."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        film.write(path, film.SCENES * minutes)
        two = _process(path, workers=2)
        inline = _timed([sys.executable, "-m", "bench.inline", str(path), str(PHOTO)], {})
        single = _process(path, workers=1)
        loop = _timed([sys.executable, "-m", "bench.represent_loop", str(path), str(PHOTO)], {})
    print(f"{minutes} min of 640x360, a frame every 0.5 s, whole processes, start-up included\n")
    print("| what | seconds | ratio |\n| --- | --- | --- |")
    print(f"| `nightreel process`, two workers | {two:.1f} | |")
    print(f"| the loop with `DeepFace.represent` | {loop:.1f} | {loop / two:.2f} x slower |")
    print(f"| the same steps in one process, no Celery, two threads | {inline:.1f} | "
          f"Celery takes {two / inline:.2f} x |")  # fmt: skip
    ratio = single / two
    print(f"| `nightreel process`, one worker | {single:.1f} | two are {ratio:.2f} x faster |")


def _process(path: Path, *, workers: int) -> float:
    with tempfile.TemporaryDirectory() as home:
        environment = {"NIGHTREEL_HOME": home, "NIGHTREEL_WORKERS": str(workers)}
        command = [str(NIGHTREEL), "process", str(path), "--person", f"A={PHOTO}", "--json"]
        return _timed(command, environment)


def _timed(command: list[str], environment: dict[str, str]) -> float:
    began = time.monotonic()
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    seconds = time.monotonic() - began
    print(f"{seconds:7.1f} s  {_summary(done.stdout)}  {command[1:3]}", file=sys.stderr)
    return seconds


def _summary(printed: str) -> str:
    result = json.loads(printed)
    if "candidates" in result:
        return f"{len(result['candidates'])} candidates"
    return f"{result['frames']} frames, person in {len(result['found_at'])}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
