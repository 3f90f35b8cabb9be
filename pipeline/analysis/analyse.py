"""Analyse one segment: sample frames, detect and embed faces, and link them to appearances."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from faces.appearances import Appearance, Observation, link
from faces.engine import FaceEngine
from faces.face import Face
from faces.quality import assess
from footage.coverage import Coverage
from footage.ffmpeg import Decoder
from footage.fingerprint import Glimpses, glimpse
from footage.frames import Frame, sample
from footage.recording import Recording
from footage.segments import Segment
from pipeline.crops import cut_face
from pipeline.plan import Plan

BATCH_BYTES = 24_000_000
"""The size of a batch of frames: 34 of 640x360, 3 of 1920x1080; more is no faster on a CPU."""


@dataclass(frozen=True, slots=True)
class Findings:
    """The results of one segment, and its coverage."""

    coverage: Coverage
    faces: int
    appearances: list[Appearance]
    glimpses: Glimpses


def analyse(
    recording: Recording,
    segment: Segment,
    *,
    plan: Plan,
    engine: FaceEngine,
    decoder: Decoder,
    check: Callable[[], None] = lambda: None,
) -> Findings:
    """Analyse one segment and return its appearances.

    Reads only footage: the same segment and plan give the same findings. `check` is called every
    few frames; an exception from it ends the analysis. Raises FootageVanished and DecoderFailed.
    """
    with sample(
        recording,
        segment,
        mode=plan.mode,
        interval_ms=plan.interval_ms,
        max_side_px=plan.max_side_px,
        decoder=decoder,
    ) as frames:
        glimpses: list[tuple[int, NDArray[np.uint8]]] = []
        appearances = link(
            _look(_glimpsed(frames, glimpses), engine, check),
            max_gap_seconds=plan.max_gap_seconds,
            best_faces=plan.best_faces,
            same_face_distance=engine.card.same_face_distance,
        )
    faces = sum(appearance.observations for appearance in appearances)
    return Findings(frames.coverage, faces, appearances, Glimpses.of(glimpses))


def _glimpsed(
    frames: Iterable[Frame], glimpses: list[tuple[int, NDArray[np.uint8]]]
) -> Iterator[Frame]:
    """Pass the frames through unchanged, and append the glimpse of each to `glimpses`."""
    for frame in frames:
        glimpses.append((frame.time_ms, glimpse(frame.image)))
        yield frame


def _look(
    frames: Iterable[Frame], engine: FaceEngine, check: Callable[[], None]
) -> Iterator[list[Observation]]:
    for batch in _batches(frames):
        check()
        detected = engine.detect([frame.image for frame in batch])
        seen = list(zip(batch, detected, strict=True))
        chips = [
            chip for frame, faces in seen if faces for chip in engine.align(frame.image, faces)
        ]
        vectors = iter(engine.embed(np.stack(chips)) if chips else ())
        cut_chips = iter(chips)
        for frame, faces in seen:
            yield [
                _observation(frame, face, next(cut_chips), next(vectors), engine.card.detector)
                for face in faces
            ]


def _observation(
    frame: Frame,
    face: Face,
    chip: NDArray[np.uint8],
    vector: NDArray[np.float32],
    detector: str,
) -> Observation:
    return Observation(
        time_ms=frame.time_ms,
        face=face,
        quality=assess(chip, face),
        vector=vector,
        crop=cut_face(frame.image, face, detector),
    )


def _batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    batch: list[Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) * frame.image.nbytes >= BATCH_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch
