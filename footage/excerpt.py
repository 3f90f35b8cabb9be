"""Decodes a few seconds of a recording again, for a person to watch."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from errors import DecoderFailed
from footage import filters
from footage.ffmpeg import Child
from footage.frames import Frame
from footage.guards import Decoder, Options
from footage.recording import Recording
from footage.reports import Reports
from footage.segments import Segment

_EARLY_MS = -5000
"""How far before the excerpt to seek. In containers without an index ffmpeg seeks by decoding time,
which may be too late; frames before the excerpt are decoded and dropped."""


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch, how often to sample it, and the size of its pictures."""

    start_ms: int
    end_ms: int
    interval_ms: int
    max_side_px: int


def excerpt(recording: Recording, segment: Segment, span: Span, *, decoder: Decoder) -> list[Frame]:
    """The frames of a stretch that begins in `segment`, one every `interval_ms`.

    Raises DecoderFailed, and what `open_footage` and the recording's supply raise.
    """
    wanted = _as_segment(recording, segment, span)
    size = filters.fit(recording.width, recording.height, span.max_side_px)
    reports = Reports(tolerance=0)

    def writing(address: str) -> Options:
        return filters.writing(
            recording,
            wanted,
            mode="interval",
            interval_ms=span.interval_ms,
            size=size,
            address=address,
        )

    # ffmpeg cannot seek in a recording without a clock; its segments begin at no keyframe.
    seekable = segment.start_pts is not None
    reading = filters.reading(recording, wanted, seek_ms=_EARLY_MS) if seekable else {}
    with Child(
        decoder,
        recording.path,
        reading=reading,
        writing=writing,
        reports=reports.feed,
        supply=recording.supply,
    ) as child:
        most = math.ceil((span.end_ms - span.start_ms) / span.interval_ms) + 1
        pictures = [image for image, _ in zip(_pictures(child, size), range(most), strict=False)]
        child.finish()
    if len(reports.sampled) < len(pictures):
        raise DecoderFailed("ffmpeg returned a frame without a timestamp; try again.")
    times = [recording.time_ms(reports.sampled.popleft()) for _ in pictures]
    return [Frame(image, time_ms) for image, time_ms in zip(pictures, times, strict=True)]


def _as_segment(recording: Recording, segment: Segment, span: Span) -> Segment:
    start, end = (_pts(recording, ms) for ms in (span.start_ms, span.end_ms))
    return replace(
        segment, start_ms=span.start_ms, end_ms=span.end_ms, start_pts=start, end_pts=end
    )


def _pts(recording: Recording, time_ms: int) -> int:
    seconds = Fraction(time_ms, 1000) + Fraction(recording.start_us, 1_000_000)
    return math.ceil(seconds / recording.time_base)


def _pictures(child: Child, size: tuple[int, int]) -> Iterator[np.ndarray]:
    width, height = size
    while True:
        image = np.empty((height, width, 3), np.uint8)
        if child.read_into(image.data.cast("B")) < image.nbytes:
            return
        yield image
