"""Processes one hostile file as every file is processed, and observes what happens."""

import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from random import Random

import numpy as np
import psutil

from bench.hostile.kind import Base, Kind, Verdict
from errors import FootageVanished, NightreelError, RefusedFootage, UnreadableFootage
from faces.engines.stub import StubEngine
from faces.face import Face, Image
from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.plan import Plan
from storage.database.database import reading
from storage.jobs.dispatcher import undispatched
from storage.jobs.progress import Outcome, outcomes
from storage.tables import State

PLAN = Plan(engine="stub")
_MOST_ATTEMPTS = 5
_EVERY_SECONDS = 0.005
_VERDICTS = {
    State.DONE: Verdict.WATCHED,
    State.GAPS: Verdict.GAPS,
    State.FAILED: Verdict.UNREADABLE,
}


@dataclass(frozen=True, slots=True)
class Trial:
    """The outcome for one file."""

    kind: str
    verdict: Verdict | None
    """None if processing ended in any other way than with a verdict."""
    said: str
    seconds: float
    decoder_mb: float
    """Peak memory of a decoding child, megabytes."""
    harm: tuple[str, ...]
    """What it did and should not have done; empty if all is well."""


class Watchful(StubEngine):
    """Detects rectangles, and records whether the secret's rectangle was in any picture."""

    saw_secret = False

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the rectangles, and look for the secret's."""
        self.saw_secret |= any(_is_secret(image) for image in images)
        return super().detect(images)


def try_kind(kind: Kind, base: Base, context: Context, folder: Path, *, seed: int = 0) -> Trial:
    """Draw one kind into `folder`, which is empty, and process it completely.

    Any change in the folder or beside it counts as harm.
    """
    engine = Watchful(PLAN.min_face_px)
    context = replace(context, engine_for=lambda _: engine)
    path = kind.make(folder, base, Random(f"{kind.name} {seed}"))
    around = folder.parent
    before = snapshot(around)
    with _memory() as peak_mb:
        began = time.monotonic()
        verdict, said = _take(kind, path, base, context)
        seconds = time.monotonic() - began
    changed = {name for name, _ in before.items() ^ snapshot(around).items()}
    own = (str(folder), str(path))
    harm = [f"changed: {name}" for name in changed if not (kind.meanwhile and name in own)]
    if engine.saw_secret:
        harm.append("another file was seen")
    return Trial(kind.name, verdict, said, seconds, peak_mb[0], tuple(harm))


def snapshot(folder: Path) -> dict[str, object]:
    """The state of everything below a folder, by path; states compare equal if nothing changed."""
    return {str(path): _state(path) for path in sorted(folder.rglob("*"))}


def _take(kind: Kind, path: Path, base: Base, context: Context) -> tuple[Verdict | None, str]:
    try:
        added = ingest_file(path, context=context, plan=PLAN, now=utc_now())
    except RefusedFootage as error:
        return Verdict.REFUSED, str(error)
    except (UnreadableFootage, FootageVanished) as error:
        return Verdict.UNREADABLE, str(error)
    except NightreelError as error:
        return None, str(error)
    if kind.meanwhile:
        kind.meanwhile(path, base)
    outcome = _watch(added.analysis_id, context)
    return _VERDICTS.get(outcome.state), "; ".join(dict.fromkeys(outcome.reasons))


def _watch(analysis_id: int, context: Context) -> Outcome:
    for _ in range(_MOST_ATTEMPTS):
        with reading(context.database) as session:
            waiting = undispatched(session)
        for segment_id in waiting:
            watch(segment_id, context)
    match_analysis(analysis_id, context)
    with reading(context.database) as session:
        return outcomes(session, [analysis_id])[0]


def _is_secret(image: Image) -> bool:
    """Whether the secret's rectangle is in its place and colour, at any scale."""
    height, width, _ = image.shape
    inside = image[height * 5 // 16 : height * 11 // 16, width * 3 // 32 : width * 11 // 32]
    near = np.abs(inside.astype(np.int16) - (30, 200, 30)).max(axis=2) < 40
    return bool(near.size and near.mean() > 0.8)


def _state(path: Path) -> object:
    status = path.lstat()
    small = path.is_file() and not path.is_symlink() and status.st_blocks < 1 << 17
    digest = sha256(path.read_bytes()).hexdigest() if small and status.st_size < 1 << 26 else ""
    return status.st_mode, status.st_size, status.st_mtime_ns, digest


@contextmanager
def _memory() -> Iterator[list[float]]:
    """Peak memory of any ffmpeg below this process within the block, megabytes."""
    peak, ended = [0.0], threading.Event()
    watcher = threading.Thread(target=_watch_memory, args=(peak, ended), daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        ended.set()
        watcher.join()


def _watch_memory(peak: list[float], ended: threading.Event) -> None:
    while not ended.wait(_EVERY_SECONDS):
        for child in psutil.Process(os.getpid()).children(recursive=True):
            peak[0] = max(peak[0], _high_water_mb(child.pid))


def _high_water_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    lines = dict(line.split(":", 1) for line in status.splitlines())
    ffmpeg = lines["Name"].strip().startswith("ffmpeg")
    return int(lines["VmHWM"].split()[0]) / 1000 if ffmpeg and "VmHWM" in lines else 0.0
