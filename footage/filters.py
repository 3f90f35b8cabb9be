"""The options with which ffmpeg gives the wanted frames of a segment; pure functions."""

import math
from fractions import Fraction
from typing import Literal, TypeAlias

from footage.guards import Options
from footage.recording import Recording
from footage.reports import printing
from footage.segments import Segment

Mode: TypeAlias = Literal["interval", "keyframes"]

_NEAR_BEGINNING_US = 1_000_000
"""Seeking to before the first picture fails in some containers and loses the first pictures."""


def fit(width: int, height: int, max_side_px: int) -> tuple[int, int]:
    """Scale a size (width, height) down so that no side exceeds `max_side_px`; never up."""
    shrink = min(Fraction(1), Fraction(max_side_px, max(width, height)))
    return max(1, round(width * shrink)), max(1, round(height * shrink))


def reading(
    recording: Recording, segment: Segment, *, seek_ms: int, keyframes_only: bool = False
) -> Options:
    """Input options: seek to `seek_ms` from the segment's first keyframe, and what to skip.

    ffmpeg's exact seeking computes wrong absolute times for a recording that does not start at
    zero, so it is off and `trim` is used instead.
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
    """A condition: the frame is in another cell of the grid than the frame selected before it.

    The grid covers the whole recording, so all segments agree on it. Integers in lowest terms are
    exact in ffmpeg's doubles.
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
