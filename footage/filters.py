"""The options that make ffmpeg give the wanted frames of a segment; pure."""

import math
from fractions import Fraction
from typing import Literal, TypeAlias

from footage.guards import Options
from footage.recording import Recording
from footage.reports import printing
from footage.segments import Segment

Mode: TypeAlias = Literal["interval", "keyframes"]

_NEAR_BEGINNING_US = 1_000_000
"""Seeking to before the first picture fails in some containers, and then loses the first ones."""


def fit(width: int, height: int, max_side_px: int) -> tuple[int, int]:
    """Scale a size down so that its longer side is at most `max_side_px`; never up."""
    shrink = min(Fraction(1), Fraction(max_side_px, max(width, height)))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def reading(
    recording: Recording, segment: Segment, *, seek_ms: int, keyframes_only: bool = False
) -> Options:
    """Input options: where to begin, `seek_ms` from the segment's first keyframe, and what to skip.

    ffmpeg's own exact seeking reckons absolute times wrongly when a recording does not start at
    zero, so it is off and `trim` does its work.
    """
    options: dict[str, str | int | None] = {}
    if keyframes_only:
        options["skip_frame"] = "nokey"
    if segment.start_pts is not None:
        seek_us = math.ceil(segment.start_pts * recording.time_base * 1_000_000) + seek_ms * 1000
        if seek_us > recording.start_us + _NEAR_BEGINNING_US:
            options |= {"seek_timestamp": 1, "noaccurate_seek": None, "ss": f"{seek_us}us"}
    return options


def writing(
    recording: Recording,
    segment: Segment,
    *,
    mode: Mode,
    interval_ms: int,
    size: tuple[int, int],
    address: str,
) -> Options:
    """Output options: raw RGB pictures of `size` (width, height), reports to `address`."""
    chosen = "gte(key,1)" if mode == "keyframes" else _first_of_cell(recording, interval_ms)
    steps = [
        f"settb={recording.time_base}",
        *_trim(segment),
        printing("decoded", address),
        f"select='not(isnan(pts))*{chosen}'",
        f"scale={size[0]}:{size[1]}",
        "format=rgb24",
        printing("sampled", address),
    ]
    return {"format": "rawvideo", "fps_mode": "passthrough", "vf": ",".join(steps)}


def _trim(segment: Segment) -> list[str]:
    """Keep [start_pts, end_pts); ffmpeg stops decoding at the end."""
    bounds = {"start_pts": segment.start_pts, "end_pts": segment.end_pts}
    limits = ":".join(f"{name}={pts}" for name, pts in bounds.items() if pts is not None)
    return [f"trim={limits}"] if limits else []


def _first_of_cell(recording: Recording, interval_ms: int) -> str:
    """True for a frame in another cell of the grid than the frame selected before it.

    The grid lies over the whole recording, so segments agree on it. Whole numbers in lowest terms
    are exact in ffmpeg's doubles.
    """
    tick_us = recording.time_base * 1_000_000
    terms = (
        tick_us.numerator,
        recording.start_us * tick_us.denominator,
        interval_ms * 1000 * tick_us.denominator,
    )
    common = math.gcd(*terms)
    factor, offset, cell = (term // common for term in terms)
    here, previous = (
        f"floor(({pts}*{factor}-({offset}))/{cell})" for pts in ("pts", "prev_selected_pts")
    )
    return f"not(eq({here},{previous}))"
