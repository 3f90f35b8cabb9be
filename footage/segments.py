"""Segments: the stretches of a recording that are processed one by one."""

from dataclasses import dataclass
from itertools import pairwise

from footage.recording import Recording

_SEGMENTS_FOR_BALANCE = 16
_SHORTEST_MS = 10_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording, [start_ms, end_ms); its frames are [start_pts, end_pts)."""

    index: int
    start_ms: int
    end_ms: int
    start_pts: int | None
    """Pts of its first keyframe; None for the start of the recording."""
    end_pts: int | None
    """Pts of the next segment's first keyframe; None for the end of the recording."""


def divide(recording: Recording, max_segment_seconds: int) -> list[Segment]:
    """Cut a recording at keyframes so that [0, duration_ms) is covered exactly once.

    As far as the keyframes allow, in this order: no segment is longer than `max_segment_seconds`,
    none is shorter than 10 s, and there are at least 16 of them.
    """
    longest = max_segment_seconds * 1000
    balanced = recording.duration_ms // _SEGMENTS_FOR_BALANCE
    aim = min(max(balanced, _SHORTEST_MS), longest)
    cuts = _choose_cuts(_possible_cuts(recording), recording.duration_ms, aim, longest)
    ends = [(0, None), *cuts, (recording.duration_ms, None)]
    return [
        Segment(index, start_ms, end_ms, start_pts, end_pts)
        for index, ((start_ms, start_pts), (end_ms, end_pts)) in enumerate(pairwise(ends))
    ]


def _possible_cuts(recording: Recording) -> list[tuple[int, int]]:
    """Time and pts of the keyframes strictly inside the recording, at most one per millisecond."""
    inside = {recording.time_ms(pts): pts for pts in sorted(recording.keyframes, reverse=True)}
    return sorted((ms, pts) for ms, pts in inside.items() if 0 < ms < recording.duration_ms)


def _choose_cuts(
    possible: list[tuple[int, int]], duration_ms: int, aim: int, longest: int
) -> list[tuple[int, int]]:
    """Cut at the last keyframe before a segment would become longer than the aim."""
    cuts: list[tuple[int, int]] = []
    begun = 0
    following = [ms for ms, _ in possible[1:]] + [duration_ms]
    for (ms, pts), next_ms in zip(possible, following, strict=False):
        neither_short = min(ms - begun, duration_ms - ms) >= min(_SHORTEST_MS, longest)
        if next_ms - begun > longest or (next_ms - begun > aim and neither_short):
            cuts.append((ms, pts))
            begun = ms
    return cuts
