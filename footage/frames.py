"""Frames: the sampled pictures of one segment, each with its exact time."""

import math
import os
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import numpy as np
from numpy.typing import NDArray

from errors import DecoderFailed, FootageChanged, WrongUsage
from footage import filters
from footage.coverage import Coverage, Hole, find_gaps
from footage.ffmpeg import Child
from footage.filters import Mode
from footage.guards import Decoder, Options
from footage.opening import open_footage
from footage.packets import LISTED, LISTED_IDR, Packet, packets
from footage.recording import Recording
from footage.reports import Reports
from footage.segments import Segment

__all__ = ["Coverage", "Frame", "Mode", "Samples", "sample"]

_FAR_BACK_MS = -15_000
_SEEKS_MS = (131, 0, _FAR_BACK_MS)
"""Where to seek, relative to a segment's first keyframe; the next is tried if ffmpeg missed it.
Where pictures are reordered ffmpeg seeks 130 ms early, which would cost one more group of pictures.
In containers without an index it seeks by decoding time, which may be too late."""

_SHORTEST_GAP_MS = 1000
_GAP_SPACINGS = 3
_MOST_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Frame:
    """One sampled picture."""

    image: NDArray[np.uint8]
    """RGB, shape [height, width, 3], upright."""
    time_ms: int
    """Recording time."""


def sample(
    recording: Recording,
    segment: Segment,
    *,
    mode: Mode,
    interval_ms: int,
    max_side_px: int,
    decoder: Decoder,
) -> "Samples":
    """Sample the frames of a segment.

    `interval` gives the first frame of each cell of a grid of `interval_ms` over the whole
    recording, and the segment's first frame; `keyframes` gives every keyframe and decodes nothing
    else. Pictures with a longer side than `max_side_px` are scaled down to it. Damage raises
    nothing: the coverage tells what could not be decoded. Iteration raises, see `Samples`.
    """
    return Samples(recording, segment, mode, interval_ms, max_side_px, decoder)


class Samples:
    """The frames of one segment in order of time, decoded on demand.

    If not all frames are taken, close it or use it as a context manager.
    """

    def __init__(
        self,
        recording: Recording,
        segment: Segment,
        mode: Mode,
        interval_ms: int,
        max_side_px: int,
        decoder: Decoder,
    ) -> None:
        self._recording, self._segment, self._decoder = recording, segment, decoder
        self._mode, self._interval_ms = mode, interval_ms
        self._size = filters.fit(recording.width, recording.height, max_side_px)
        self._frames = self._decode()
        self._sampled = 0
        self._coverage: Coverage | None = None

    def __iter__(self) -> Iterator[Frame]:
        return self

    def __next__(self) -> Frame:
        """Decode up to the next frame.

        Raises FootageVanished or FootageChanged if the file is not the one that was probed,
        DecoderFailed if ffmpeg died or ran out of time, and what the recording's supply raises.
        """
        return next(self._frames)

    @property
    def coverage(self) -> Coverage:
        """The coverage of the segment. Raises WrongUsage before the last frame has been taken."""
        if self._coverage is None:
            raise WrongUsage("The coverage is known only when all frames have been taken.")
        return self._coverage

    def close(self) -> None:
        """Stop decoding."""
        self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self) -> Generator[Frame, None, None]:
        """One generator, so that dropping it ends the child."""
        self._refuse_another_file()
        seeks_ms = (0,) if self._segment.start_pts is None else _SEEKS_MS
        keyframes_only = self._mode == "keyframes" and self._keyframes_stand_alone()
        for seek_ms in seeks_ms:
            reports = Reports(self._ticks(self._tolerance_ms))
            with self._start(seek_ms, keyframes_only, reports) as child:
                if seek_ms == seeks_ms[-1] or self._begins_right(child, reports):
                    yield from self._pictures(child, reports)
                    if child.finish() and not child.has_opened:
                        raise DecoderFailed("ffmpeg did not open the file; the segment is retried.")
                    self._coverage = self._account(reports, keyframes_only)
                    return

    def _keyframes_stand_alone(self) -> bool:
        """Whether decoding the keyframes alone gives all of them at their own times.

        A keyframe without pts gets its time from the frames around it. If a keyframe is not an IDR
        picture (open groups), ffmpeg's H.264 decoder loses keyframes and their order.
        """
        keyframes = [packet.has_pts for packet in self._packets(LISTED) if packet.keyframe]
        if self._recording.codec == "h264":
            return all(keyframes) and len(keyframes) == sum(1 for _ in self._packets(LISTED_IDR))
        return all(keyframes)

    def _refuse_another_file(self) -> None:
        with open_footage(self._recording.path) as file:
            if file.seek(0, os.SEEK_END) != self._recording.size_bytes:
                raise FootageChanged("The file has changed since it was added; add it again.")

    def _start(self, seek_ms: int, keyframes_only: bool, reports: Reports) -> Child:
        def writing(address: str) -> Options:
            return filters.writing(
                self._recording,
                self._segment,
                mode=self._mode,
                interval_ms=self._interval_ms,
                size=self._size,
                address=address,
            )

        return Child(
            self._decoder,
            self._recording.path,
            reading=filters.reading(
                self._recording, self._segment, seek_ms=seek_ms, keyframes_only=keyframes_only
            ),
            writing=writing,
            reports=reports.feed,
            timeout_seconds=self._timeout_seconds,
            supply=self._recording.supply,
        )

    def _begins_right(self, child: Child, reports: Reports) -> bool:
        while reports.first is None and child.wait_for_report():
            pass
        return reports.first == self._segment.start_pts

    def _pictures(self, child: Child, reports: Reports) -> Iterator[Frame]:
        width, height = self._size
        time_ms = self._segment.start_ms
        while True:
            image = np.empty((height, width, 3), np.uint8)
            if child.read_into(image.data.cast("B")) < image.nbytes:
                return
            while not reports.sampled and child.wait_for_report():
                pass
            if not reports.sampled:
                raise DecoderFailed(
                    "ffmpeg returned a frame without a timestamp; the segment is retried."
                )
            self._sampled += 1
            time_ms = max(time_ms, self._time_ms(reports.sampled.popleft()))
            yield Frame(image, time_ms)

    def _account(self, reports: Reports, keyframes_only: bool) -> Coverage:
        segment = self._segment
        if reports.first is None:
            return Coverage(0, 0, 0, ((segment.start_ms, segment.end_ms),))
        gaps = tuple(
            (self._time_ms(start), self._time_ms(end))
            for start, end in self._gaps(reports, keyframes_only)
        )
        first_ms = self._time_ms(reports.first)
        lost_ms = sum(end - start for start, end in gaps if start >= first_ms)
        return Coverage(reports.decoded, self._sampled, segment.end_ms - first_ms - lost_ms, gaps)

    def _gaps(self, reports: Reports, keyframes_only: bool) -> list[tuple[int, int]]:
        holes = self._holes(reports)
        if not holes:
            return []
        start_pts = self._segment.start_pts
        return find_gaps(
            holes,
            (p for p in self._packets(LISTED) if start_pts is None or p.time >= start_pts),
            tolerance=reports.tolerance,
            keyframes_only=keyframes_only,
        )

    def _holes(self, reports: Reports) -> list[Hole]:
        """Holes between frames, and between a border of the segment and the nearest frame."""
        assert reports.first is not None and reports.last is not None
        first_ms, last_ms = self._time_ms(reports.first), self._time_ms(reports.last)
        holes = reports.holes
        if first_ms - self._segment.start_ms > self._tolerance_ms:
            holes = [Hole(-math.inf, reports.first), *holes]
        if self._segment.end_ms - last_ms > self._tolerance_ms:
            end_pts = self._segment.end_pts
            holes = [*holes, Hole(reports.last, math.inf if end_pts is None else end_pts)]
        return holes

    def _packets(self, listed: Options) -> Iterator[Packet]:
        """The packets of this segment and some before it, read without decoding."""
        segment = self._segment
        reading = filters.reading(self._recording, segment, seek_ms=_FAR_BACK_MS)
        with Child(
            self._decoder,
            self._recording.path,
            reading=reading,
            writing=lambda _: listed,
            timeout_seconds=self._timeout_seconds,
            supply=self._recording.supply,
        ) as child:
            for packet in packets(child.lines()):
                if segment.end_pts is not None and packet.decoded >= segment.end_pts:
                    return
                yield packet

    @property
    def _tolerance_ms(self) -> float:
        """Longest distance between two frames that is no hole; longer at low frame rates."""
        spacing_ms = self._recording.duration_ms / self._recording.packets
        return max(_SHORTEST_GAP_MS, _GAP_SPACINGS * spacing_ms)

    @property
    def _timeout_seconds(self) -> int:
        """Time limit, in proportion to the length of a segment that could not be cut shorter."""
        minutes = (self._segment.end_ms - self._segment.start_ms) // 60_000
        return self._decoder.timeout_seconds * min(max(minutes, 1), _MOST_MINUTES)

    def _ticks(self, ms: float) -> int:
        return math.ceil(Fraction(ms) / 1000 / self._recording.time_base)

    def _time_ms(self, pts: int) -> int:
        """Recording time, clamped to the segment: a container's times may be off by a frame."""
        time_ms = self._recording.time_ms(pts)
        return min(max(time_ms, self._segment.start_ms), self._segment.end_ms)
