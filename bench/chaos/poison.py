"""Clips that always kill the decoder or the engine: only they are quarantined, with a reason."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from sqlmodel import select

from bench.chaos.campaign import Campaign, Job
from bench.chaos.digest import content
from bench.chaos.footage import DARK_GROUND, GROUND, SIZE, draw_clip
from bench.chaos.tally import Tally
from bench.chaos.watching import Stalled
from footage.ffmpeg import choose
from storage.database.database import reading
from storage.jobs.ledger import MAX_ATTEMPTS
from storage.tables import Analysis, Recording, Segment, State

CLIPS = 10
CLIP_SECONDS = 9
ODD_SIZE = (324, 244)
"""Pictures of this size kill the decoder; dark ones kill the engine."""
FRAGILE_DECODER = """#!/bin/sh
case "$*" in *scale={width}:{height}*) kill -9 $$ ;; esac
exec {ffmpeg} "$@"
"""
STANDIN = Path(__file__).with_name("standin")


def fragile_decoder(folder: Path) -> dict[str, str]:
    """An ffmpeg that dies on some clips."""
    script = folder / "fragile-ffmpeg"
    width, height = ODD_SIZE
    text = FRAGILE_DECODER.format(width=width, height=height, ffmpeg=shlex.quote(choose()))
    script.write_text(text)
    script.chmod(0o755)
    # A script cannot start in the sandbox, which has its own tests.
    return {"NIGHTREEL_FFMPEG": str(script), "NIGHTREEL_SANDBOX": "off"}


def fragile_engine(_: Path) -> dict[str, str]:
    """An engine whose process dies on dark pictures."""
    path = [str(STANDIN), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {"PYTHONPATH": os.pathsep.join(path)}


KINDS: dict[str, Callable[[Path], dict[str, str]]] = {
    "decoder": fragile_decoder,
    "engine": fragile_engine,
}


def run(campaign: Campaign, tally: Tally, *, clips: int) -> None:
    """Run the known job with some deadly clips: they must be quarantined, all else done."""
    lab, settings = campaign.lab, KINDS[tally.fault](campaign.lab.folder)
    deadly = [_draw(lab.folder, tally.fault, number) for number in range(clips)]
    more = [(clip, lab.shape.plan) for clip in deadly]
    with campaign.job(None, settings=settings, more=more) as job:
        tally.faults, tally.jobs = clips, 1
        try:
            job.watch.until(lambda: job.watch.ended)
        except Stalled as error:
            tally.complaints.append(str(error))
        tally.left_running = job.running.stop()
        names = [clip.name for clip in deadly]
        tally.compare(lab.expected, content(job.watch.database, job.media, without=names))
        _check_given_up(job, names, tally)


def _check_given_up(job: Job, names: list[str], tally: Tally) -> None:
    with reading(job.watch.database) as session:
        statement = select(Recording.name, Segment).select_from(Segment).join(Analysis)
        rows = session.exec(statement.join(Recording)).all()
    tally.given_up = sum(_was_given_up(segment) != (name in names) for name, segment in rows)
    reasons = {segment.reason for name, segment in rows if name in names}
    tally.notes += [f"given up because: {reason}" for reason in sorted(map(str, reasons))]


def _was_given_up(segment: Segment) -> bool:
    """Whether it was quarantined after the last attempt, with a reason."""
    return (
        segment.state is State.QUARANTINED
        and segment.attempts == MAX_ATTEMPTS
        and bool(segment.reason)
    )


def _draw(folder: Path, kind: str, number: int) -> Path:
    ground, size = (DARK_GROUND, SIZE) if kind == "engine" else (GROUND, ODD_SIZE)
    path = folder / f"deadly-{kind}-{number:02}.mp4"
    return draw_clip(path, CLIP_SECONDS, seed=1000 + number, ground=ground, size=size)
