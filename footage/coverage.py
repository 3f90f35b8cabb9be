"""What was decoded and sampled, and what could not be decoded."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from footage.packets import Packet


@dataclass(frozen=True, slots=True)
class Coverage:
    """The coverage of one segment."""

    decoded_frames: int
    sampled_frames: int
    decoded_ms: int
    """Duration of the segment that the decoded frames show."""
    gaps: tuple[tuple[int, int], ...]
    """Stretches [from, to) in milliseconds whose pictures could not be decoded."""


@dataclass(slots=True)
class Hole:
    """A stretch without decoded frames, in ticks, and which of its packets were lost."""

    before: float
    """The last frame before it; minus infinity if the segment has none."""
    after: float
    """The first frame after it; infinity if the recording has none."""
    lost_from: float = math.inf
    """When the first picture that was not decoded should have been shown."""
    lost_to: float = -math.inf
    """`after`; if that is infinite, when the last lost picture should have ended."""

    def lose(self, start: float, end: float) -> None:
        """Add a lost picture, shown from `start` to `end`, in ticks; the order does not matter."""
        self.lost_from = min(self.lost_from, start)
        self.lost_to = self.after if self.after < math.inf else max(self.lost_to, end)


def find_gaps(
    holes: Sequence[Hole], packets: Iterable[Packet], *, tolerance: int, keyframes_only: bool
) -> list[tuple[int, int]]:
    """Tell stretches that could not be decoded from stretches that contain no more pictures.

    `holes` are in order; `tolerance` and the returned stretches [from, to) are in ticks. A picture
    is lost if its packet exists but gave no frame, or if a packet follows the one before later than
    that one's duration allows. If only keyframes are decoded, only keyframes can be lost.
    """
    previous = None
    for packet in packets:
        hole = _around(packet.time, holes)
        if hole and packet.time > hole.before and (packet.keyframe or not keyframes_only):
            hole.lose(packet.time, packet.end)
        if previous and packet.decoded - previous.decoded - previous.duration > tolerance:
            hole = _around((previous.decoded + packet.decoded) / 2, holes)
            if hole:
                hole.lose(max(previous.decoded, hole.before) + previous.duration, packet.end)
        previous = packet
    return [
        (int(hole.lost_from), int(hole.lost_to))
        for hole in holes
        if hole.lost_to - hole.lost_from > tolerance
    ]


def _around(time: float, holes: Sequence[Hole]) -> Hole | None:
    index = bisect_right(holes, time, key=lambda hole: hole.before) - 1
    return holes[index] if index >= 0 and time < holes[index].after else None
