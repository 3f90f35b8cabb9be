"""Measures what ffmpeg's sandbox costs at each start: `python -m bench.sandbox [ROUNDS]`."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from footage.executables import choose
from footage.sandbox.sandbox import NO_WALLS, Sandbox, standing, start


def main(rounds: int = 40) -> None:
    """Print a Markdown table: milliseconds from start to end of `ffmpeg -version`."""
    ffmpeg = choose()
    ways: dict[str, Callable[[], None]] = {
        "ffmpeg alone": lambda: _alone(ffmpeg),
        "with its limits": lambda: _walled(ffmpeg, NO_WALLS),
        "with its limits and every wall": lambda: _walled(ffmpeg, standing(ffmpeg)),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            began = time.monotonic()
            run()
            taken[name].append((time.monotonic() - began) * 1000)
    print(f"{standing(ffmpeg)}, {rounds} rounds, one way after the other\n")
    print("| | median, ms | least, ms |\n| --- | --- | --- |")
    for name, seen in taken.items():
        print(f"| {name} | {statistics.median(seen):.1f} | {min(seen):.1f} |")


def _alone(ffmpeg: str) -> None:
    subprocess.run([ffmpeg, "-version"], capture_output=True, check=True)


def _walled(ffmpeg: str, sandbox: Sandbox) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    with start([ffmpeg, "-version"], sandbox, {}, stdin=nothing) as child:
        child.communicate()
    os.close(nothing)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
