"""What was looked at, and what could not be."""

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
    shown_until: int | None = None
    """When the frame before it should have given way to another."""
    end: int | None = None

    def take(self, packet: Packet, *, keyframes_only: bool) -> None:
        """Take in a packet of this stretch, in any order."""
        end = packet.time + packet.duration
        self.end = self.after if self.after is not None else max(end, self.end or end)
        if packet.time == self.before:
            self.shown_until = self.shown_until if keyframes_only else end
        elif self.before is None or (keyframes_only and packet.keyframe):
            self.shown_until = min(packet.time, self.shown_until or packet.time)


def find_gaps(
    holes: Sequence[Hole], packets: Iterable[Packet], *, tolerance: int, keyframes_only: bool
) -> list[tuple[int, int]]:
    """Tell stretches that could not be decoded from those that have no more pictures to show.

    `holes` are in order; `tolerance` and the stretches that come back are in ticks. A picture
    lasts as long as its packet says or, when only keyframes are decoded, until the next keyframe.
    """
    starts = [float("-inf") if hole.before is None else hole.before for hole in holes]
    for packet in packets:
        hole = holes[max(bisect_right(starts, packet.time) - 1, 0)]
        if starts[0] <= packet.time and (hole.after is None or packet.time < hole.after):
            hole.take(packet, keyframes_only=keyframes_only)
    return [
        (hole.shown_until, hole.end)
        for hole in holes
        if hole.shown_until is not None
        and hole.end is not None
        and hole.end - hole.shown_until > tolerance
    ]
