"""Measures the memory of one worker process on 1080p footage, segment after segment.

`python -m bench.memory [SEGMENTS]`: a real stack with one worker; its memory is read from /proc
after each segment that it has finished.
"""

import sys
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import psutil
from PIL import Image

from demo import film
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.plan import Plan
from settings import Settings
from storage.database.database import reading
from storage.jobs.dispatcher import undispatched
from storage.jobs.progress import progress
from storage.tables import State
from worker.resources import Resources
from worker.stack import Stack

SCENES = film.SCENES[1:4]
SEGMENT_SECONDS = 2


def main(segments: int = 200) -> None:
    """Print a Markdown table: segments finished, resident megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film-1080p.mp4"
        _write_1080p(path)
        settings = Settings(home=Path(folder) / "home", workers=1)
        seen = _watch(Resources(settings), path, segments)
    print(f"1080p, {SEGMENT_SECONDS} s segments, two frames a second\n")
    print("| segments finished | worker's memory, MB |\n| --- | --- |")
    for finished, megabytes in seen[:: max(1, len(seen) // 10)]:
        print(f"| {finished} | {megabytes:.0f} |")
    print(f"| the most at any time | {max(megabytes for _, megabytes in seen):.0f} |")


def _watch(mine: Resources, path: Path, segments: int) -> list[tuple[int, float]]:
    with Stack(mine.settings) as stack:
        assert stack.info
        analyses = _ask(mine, path, segments)
        seen: list[tuple[int, float]] = []
        while not seen or seen[-1][0] < segments:
            with reading(mine.database) as session:
                jobs = progress(session, analyses)
            finished = sum(job.segments.get(State.DONE, 0) for job in jobs)
            if not seen or finished > seen[-1][0]:
                seen.append((finished, _largest_child_megabytes()))
            time.sleep(0.1)
    return seen


def _ask(mine: Resources, path: Path, segments: int) -> list[int]:
    """Add the same film under as many plans as are needed: each plan divides it again."""
    analyses: list[int] = []
    waiting: list[int] = []
    while len(waiting) < segments:
        plan = Plan(max_segment_seconds=SEGMENT_SECONDS, best_faces=5 + len(analyses))
        known = ingest_file(path, context=mine.context, plan=plan, now=utc_now())
        analyses.append(known.analysis_id)
        with reading(mine.database) as session:
            waiting = undispatched(session)
    return analyses


def _largest_child_megabytes() -> float:
    children = psutil.Process().children(recursive=True)
    sizes = []
    for child in children:
        try:
            sizes.append(child.memory_info().rss if "python" in child.name() else 0)
        except psutil.NoSuchProcess:
            continue
    return max(sizes, default=0) / 1e6


def _write_1080p(path: Path) -> None:
    video = imageio_ffmpeg.write_frames(
        str(path),
        (1920, 1080),
        fps=film.FRAMES_PER_SECOND,
        codec="libx264",
        quality=None,
        macro_block_size=2,
        output_params=["-preset", "ultrafast", "-g", str(SEGMENT_SECONDS * film.FRAMES_PER_SECOND)],
    )
    video.send(None)
    for frame in film.draw(SCENES):
        large = Image.fromarray(frame).resize((1920, 1080), Image.Resampling.BILINEAR)
        video.send(np.ascontiguousarray(large))
    video.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
