"""Measures re-embedding stored crops, beside the embedder alone: `python -m bench.migrate [CROPS]`.

The crops show the demo's two people at many brightnesses, detected by engine `dlib` and embedded
again by `dlib`: landmarks are known, and the network is the lower bound. Everything that a worker
does is measured: reading encrypted crops, decoding, aligning, embedding, writing vectors. Torch has
one thread, as in a worker. Processor times are those of all threads of this process, so that other
work on the machine counts little: that is a worker on each core. In wall-clock time one worker has
a second core on which to prepare crops. The embedder is measured before and after every portion.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from bench.vectors import recording_called
from demo.portraits import portrait
from faces.crop import Crop
from faces.engine import FaceEngine
from faces.face import Image
from pipeline.act import Caller
from pipeline.analysis.migrate import migrate
from pipeline.analysis.reembed import AT_ONCE
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.crops import cut_face, jpeg_of, read_crop
from pipeline.plan import Plan
from settings import Settings
from storage import tables
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import add
from storage.vectors.appearances import Presence, replace_appearances
from worker.resources import Resources

Seconds: TypeAlias = NDArray[np.float64]

DISTINCT = 500
"""Number of pictures on disk; appearances share them."""
EACH = 5
"""Crops per appearance."""


def main(crops: str = "2000") -> None:
    """Print both rates, their ratio, and the cost of each step for a crop."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as home:
        mine = Resources(Settings(home=Path(home), device="cpu"))
        engine = mine.face_engine("dlib", 40)
        pictures = _pictures(engine)
        names = _fill(mine, pictures, int(crops) // EACH)
        segments = _ask(mine, engine)
        alone, whole = _race(
            engine, pictures, lambda: watch(segments.pop(0), mine.context), segments
        )
        whole /= int(crops)
        print("| crops a second | of a processor | by the clock |\n| --- | --- | --- |")
        for what, each in {"the embedder alone": 1 / alone, "re-embedded": 1 / whole}.items():
            print(f"| {what} | {each[0]:.1f} | {each[1]:.1f} |")
        ratio = alone / whole
        print(f"| ratio | {ratio[0]:.3f} | {ratio[1]:.3f} |")
        _parts(mine, engine, names)


def _pictures(engine: FaceEngine) -> list[Crop]:
    crops = []
    for name in ("astronaut", "grace_hopper"):
        image = portrait(name)
        (face, *_) = engine.detect([image])[0]
        for step in range(DISTINCT // 2):
            bright = (image * (0.6 + 0.4 * step / DISTINCT)).astype(np.uint8)
            crops.append(cut_face(bright, face, engine.card.detector))
    return crops


def _fill(mine: Resources, pictures: list[Crop], appearances: int) -> list[str]:
    plan = Plan(engine="stub")
    with writing(mine.database) as session:
        add(
            session, recording_called(0), plan_key=plan.key, plan_body=plan.body, segments=[],
            now=utc_now(),
        )  # fmt: skip
        session.get_one(tables.Analysis, 1).state = tables.State.DONE
    album = mine.media.of_recording(1)
    names = [album.save(jpeg_of(picture)) for picture in pictures]
    kept = [_seen(names, place, pictures[0]) for place in range(appearances)]
    with writing(mine.database) as session:
        replace_appearances(session, 1, kept)
    return names


def _seen(names: list[str], place: int, crop: Crop) -> Presence:
    assert crop.face is not None
    chosen = tuple(names[(EACH * place + number) % len(names)] for number in range(EACH))
    vector = np.eye(8, dtype=np.float32)[0]
    return Presence(place, place, place, crop.face.box, 1, 1, EACH, vector, chosen)


def _ask(mine: Resources, engine: FaceEngine) -> list[int]:
    asks = Caller(mine.database, "worker", utc_now())
    migrate(asks, engine, case_id=None, context=mine.context, current="stub")
    with reading(mine.database) as session:
        return undispatched(session)


def _race(
    engine: FaceEngine, pictures: list[Crop], step: Callable[[], object], left: list[int]
) -> tuple[Seconds, Seconds]:
    """Seconds per chip for the embedder alone, and seconds for all portions."""
    chips = np.stack([_chip(engine, picture) for picture in pictures[: AT_ONCE * EACH]])
    _seconds(lambda: engine.embed(chips))  # loads the network
    alone, whole = [], np.zeros(2)
    while left:
        alone.append(_seconds(lambda: engine.embed(chips)))
        whole += _seconds(step)
        alone.append(_seconds(lambda: engine.embed(chips)))
    return np.mean(alone, axis=0) / len(chips), whole


def _parts(mine: Resources, engine: FaceEngine, names: list[str]) -> None:
    bodies = [mine.media.read(name) for name in names]
    crops = [read_crop(body) for body in bodies]
    print("| of which, one after the other | ms a crop |\n| --- | --- |")
    for part, step in {
        "reading and unsealing": lambda: list(map(mine.media.reader(), names)),
        "decoding": lambda: [read_crop(body) for body in bodies],
        "aligning": lambda: [_chip(engine, crop) for crop in crops],
    }.items():
        print(f"| {part} | {1000 * _seconds(step)[0] / len(names):.2f} |")


def _chip(engine: FaceEngine, crop: Crop) -> Image:
    assert crop.face is not None
    (chip,) = engine.align(crop.image, [crop.face])
    return np.asarray(chip, np.uint8)


def _seconds(step: Callable[[], object]) -> Seconds:
    """Processor seconds of all threads, and wall-clock seconds."""
    processor, clock = time.process_time(), time.perf_counter()
    step()
    return np.array([time.process_time() - processor, time.perf_counter() - clock])


if __name__ == "__main__":
    main(*sys.argv[1:])
