"""The clip of a candidate, with other faces hidden."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from errors import NotFound, Purged
from faces.engine import FaceEngine
from faces.face import Box
from faces.following import Spotted, follow, hide, others
from footage.encode import encode_mp4
from footage.excerpt import Span, excerpt
from footage.frames import Frame
from pipeline.context import Context
from pipeline.local_footage import Known, local_copy
from pipeline.plan import Plan
from storage.database.database import reading
from storage.jobs.spots import Spot, spot
from storage.results.blind_views import BlindView

AROUND_MS = 2000
"""How much is shown before and after the best frame."""
INTERVAL_MS = 100
LOOK_EVERY = 2
"""Faces are detected in every second frame: they move little in a fifth of a second."""
FETCH_SECONDS = 30
"""Short, because a user is waiting for the clip."""
DECODED_SIDE_PX = 960
SHOWN_SIDE_PX = 640
SMALLEST_HIDDEN_PX = 40
"""In the decoded frame; 27 px in the clip. Smaller faces are not detected."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A few seconds of video, and which faces are hidden in it. Times are of the recording."""

    mp4: bytes
    start_ms: int
    end_ms: int
    blurred: bool
    """Whether faces other than the candidate's are hidden."""
    followed: bool
    """Whether the candidate's own face was found; if not, every face is hidden."""


def cut_clip(shown: BlindView, context: Context, *, blurred: bool = True) -> Clip:
    """Decode a few seconds around a candidate's best frame again and encode them as a clip.

    `blurred` hides the faces of others. Raises FootageVanished or FootageChanged when the footage
    is not what was added, DecoderFailed, NotFound when there is nothing to show, and Purged when
    the footage was purged.
    """
    if shown.seen.cut_by is not None:
        raise NotFound("No clip: this face was imported.")
    with reading(context.database) as session:
        where = spot(session, shown.seen.analysis_id, shown.seen.best_ms)
    if where is None:
        raise Purged("No clip: the footage of this candidate was purged.")
    span = _span(where, shown.seen.best_ms)
    added = Known(where.recording, where.sha256, where.modified_ns, where.object_tag)
    with local_copy(added, context.footage_store, timeout_seconds=FETCH_SECONDS) as recording:
        frames = excerpt(recording, where.segment, span, decoder=context.decoder)
    if not frames:
        raise NotFound("No clip: this part of the footage can no longer be decoded; see its gaps.")
    followed = False
    if blurred:
        frames, followed = _hide_others(frames, shown, where, context)
    mp4 = encode_mp4(
        _on_grid(frames, span),
        frames_per_second=1000 / INTERVAL_MS,
        max_side_px=SHOWN_SIDE_PX,
        decoder=context.decoder,
    )
    return Clip(mp4, frames[0].time_ms, frames[-1].time_ms, blurred, followed)


def _span(where: Spot, best_ms: int) -> Span:
    return Span(
        start_ms=max(0, best_ms - AROUND_MS),
        end_ms=min(where.recording.duration_ms, best_ms + AROUND_MS),
        interval_ms=INTERVAL_MS,
        max_side_px=DECODED_SIDE_PX,
    )


def _hide_others(
    frames: Sequence[Frame], shown: BlindView, where: Spot, context: Context
) -> tuple[list[Frame], bool]:
    plan = Plan.from_body(where.plan_body)
    longest = max(where.recording.width, where.recording.height)
    scale = min(longest, DECODED_SIDE_PX) / min(longest, plan.max_side_px)
    engine = context.engine_for(replace(plan, min_face_px=_smallest(plan, scale)))
    sampled = frames[::LOOK_EVERY]
    looks = [_spot(frame.image, engine) for frame in sampled]
    own = follow(
        looks,
        begin=min(range(len(looks)), key=lambda n: abs(sampled[n].time_ms - shown.seen.best_ms)),
        box=Box(*(side * scale for side in shown.seen.box)),
        kind=engine.card.distance,
        threshold=engine.card.threshold,
    )
    hidden = others(looks, own)
    covered = [
        replace(frame, image=hide(frame.image, hidden[number // LOOK_EVERY]))
        for number, frame in enumerate(frames)
    ]
    return covered, any(spotted is not None for spotted in own)


def _smallest(plan: Plan, scale: float) -> int:
    return max(1, min(SMALLEST_HIDDEN_PX, round(plan.min_face_px * scale)))


def _spot(image: NDArray[np.uint8], engine: FaceEngine) -> list[Spotted]:
    faces = engine.detect([image])[0]
    if not faces:
        return []
    vectors = engine.embed(engine.align(image, faces))
    return [Spotted(face.box, vector) for face, vector in zip(faces, vectors, strict=True)]


def _on_grid(frames: Sequence[Frame], span: Span) -> list[NDArray[np.uint8]]:
    """One frame every `interval_ms`; the previous frame is repeated where footage has fewer."""
    times = np.array([frame.time_ms for frame in frames])
    grid = range(int(times[0]), int(times[-1]) + 1, span.interval_ms)
    places = np.searchsorted(times, np.array(grid), side="right") - 1
    return [frames[place].image for place in places]
