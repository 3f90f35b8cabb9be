"""Tries every kind of hostile file, one after the other, and prints the outcomes."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.hostile.kind import draw_base
from bench.hostile.pack import kinds
from bench.hostile.trial import Trial, try_kind
from settings import Settings
from worker.resources import Resources

MOST_SECONDS, MOST_MB = 30, 600


def main(seed: int = 0) -> None:
    """Print a Markdown table: kind, verdict, seconds, peak megabytes of the decoding child."""
    with tempfile.TemporaryDirectory(prefix="nightreel-hostile-") as name:
        folder = Path(name)
        trials = list(_trials(folder, seed))
    print(f"{len(trials)} kinds, seed {seed}, default settings, one after the other\n")
    print("| kind | verdict | seconds | MB |\n| --- | --- | --- | --- |")
    for trial in trials:
        print(
            f"| {trial.kind} | {trial.verdict or 'NONE'} | {trial.seconds:.1f} "
            f"| {trial.decoder_mb:.0f} |"
        )
    print(f"\n{_summary(trials)}")


def _trials(folder: Path, seed: int) -> Iterator[Trial]:
    mine = Resources(Settings(home=folder / "home", engine="stub"))
    with _working_in(folder / "work"):
        base = draw_base(_made(folder / "work" / "drawn"))
        for kind in kinds():
            place = _made(folder / "work" / "hostile")
            trial = try_kind(kind, base, mine.context, place, seed=seed)
            print(f"{trial.seconds:6.2f} s {trial.decoder_mb:5.0f} MB  {trial.verdict}  {kind.name}"
                  f"  {trial.said} {' '.join(trial.harm)}", file=sys.stderr)  # fmt: skip
            shutil.rmtree(place)
            yield trial


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@contextmanager
def _working_in(folder: Path) -> Iterator[None]:
    """Change into a folder, so that files that a child writes without a path land there."""
    before = Path.cwd()
    folder.mkdir()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _summary(trials: list[Trial]) -> str:
    slow = [trial.kind for trial in trials if trial.seconds > MOST_SECONDS]
    large = [trial.kind for trial in trials if trial.decoder_mb > MOST_MB]
    harmful = [f"{trial.kind}: {', '.join(trial.harm)}" for trial in trials if trial.harm]
    unclear = [trial.kind for trial in trials if trial.verdict is None]
    return (
        f"Longest {max(trial.seconds for trial in trials):.1f} s (at most {MOST_SECONDS}), largest"
        f" {max(trial.decoder_mb for trial in trials):.0f} MB (at most {MOST_MB}).\n"
        f"Over the limits: {', '.join(slow + large) or 'none'}."
        f" Harm done: {', '.join(harmful) or 'none'}."
        f" Without a verdict: {', '.join(unclear) or 'none'}."
    )
