"""What was looked at, and what could not be."""

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from footage.packets import Packet


@dataclass(frozen=True, slots=True)
class Coverage:
    """The account of one segment."""

    decoded_frames: int
    sampled_frames: int
    decoded_ms: int
    """How much of the segment the decoded frames show."""
    gaps: tuple[tuple[int, int], ...]
    """Stretches [from, to) in milliseconds whose pictures could not be decoded."""


@dataclass(slots=True)
class Hole:
    """A stretch without decoded frames, in ticks, and what its packets say of it."""

    before: int | None
    """The last frame before it; None where the segment has none."""
    after: int | None
    """The first frame after it; None where the recording has none."""
    shown_until: float = math.inf
    """When the frame before it should have given way to another."""
    end: float = -math.inf

    def take(self, packet: Packet, *, keyframes_only: bool) -> None:
        """Take in a packet of this stretch, in any order."""
        self.end = max(self.end, packet.end) if self.after is None else self.after
        if self.before is None or (keyframes_only and packet.keyframe):
            lost = packet.time if packet.time != self.before else math.inf
            self.shown_until = min(self.shown_until, lost)
        elif packet.time == self.before:
            self.shown_until = math.inf if keyframes_only else packet.end


def find_gaps(
    holes: Sequence[Hole], packets: Iterable[Packet], *, tolerance: int, keyframes_only: bool
) -> list[tuple[int, int]]:
    """Tell stretches that could not be decoded from those that have no more pictures to show.

    `holes` are in order; `tolerance` and the stretches that come back are in ticks. A picture
    lasts as long as its packet says. When only keyframes are decoded it lasts until the next
    keyframe, unless the packets between them are interrupted.
    """
    starts = [-math.inf if hole.before is None else hole.before for hole in holes]
    lost: list[tuple[float, float]] = []
    shown_until = math.inf
    for packet in packets:
        hole = holes[max(bisect_right(starts, packet.time) - 1, 0)]
        if starts[0] <= packet.time and (hole.after is None or packet.time < hole.after):
            hole.take(packet, keyframes_only=keyframes_only)
        if keyframes_only:
            if packet.time - shown_until > tolerance:
                lost.append((shown_until, packet.time))
            shown_until = packet.end if shown_until == math.inf else max(shown_until, packet.end)
    lost += [(hole.shown_until, hole.end) for hole in holes]
    return _joined((int(start), int(end)) for start, end in lost if end - start > tolerance)


def _joined(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
