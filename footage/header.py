"""Reads from ffmpeg's log what the header of a file claims, or why the file was not opened."""

import re
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from errors import Permanent, RefusedFootage, UnreadableFootage

_FIRST_YEAR = 1980
_STREAM = r"^  Stream #0:{index}\b(?P<line>[^\n]*)(?P<below>(?:\n(?!  Stream|Stream)[^\n]*)*)"


@dataclass(frozen=True, slots=True)
class Header:
    """Claims of the container, none of them verified."""

    start_us: int | None
    """None if the container has no clock, as in a raw stream."""
    duration_claimed_ms: int | None
    pixel_format: str
    frame_rate: Fraction | None
    rotation: int
    """Clockwise degrees that turn the picture upright: 0, 90, 180 or 270."""
    captured_claimed_ms: int | None
    """`creation_time`, in milliseconds since 1970 UTC."""
    captured_words: str | None
    """`creation_time` as ffmpeg reads it; None if no time can be read from it."""


def read_header(log: str) -> Header | None:
    """Read the log of a run that copies one video stream; None if there was none to copy."""
    chosen = re.search(r"^  Stream #0:(\d+) -> #0:0 \(copy\)", log, re.MULTILINE)
    stream = chosen and re.search(_STREAM.format(index=chosen[1]), log, re.MULTILINE)
    if not stream:
        return None
    captured_ms, captured_words = _creation(log)
    return Header(
        start_us=_start_us(log),
        duration_claimed_ms=_duration_ms(log),
        pixel_format=_first(r"Video: .*?, ([a-z]\w+)(?=[(,])", stream["line"]) or "unknown",
        frame_rate=_frame_rate(stream["line"]),
        rotation=_rotation(stream["below"]),
        captured_claimed_ms=captured_ms,
        captured_words=captured_words,
    )


def verdict(log: str) -> Permanent:
    """The error for a file that could not be opened as video; its message says why."""
    for sign, kind, sentence in _SIGNS:
        if re.search(sign, log):
            return kind(sentence)
    return UnreadableFootage(
        "The file is damaged or not a video file; check it or export it again."
    )


_SIGNS: tuple[tuple[str, type[Permanent], str], ...] = (
    (
        r"Format not on whitelist",
        RefusedFootage,
        "The file is a playlist or has an unsupported format; add the video itself.",
    ),
    (
        r"exceeds specified max pixel count|Picture size \S+ is invalid",
        RefusedFootage,
        "The frames are larger than allowed; scale the video down or raise NIGHTREEL_MAX_PIXELS.",
    ),
    (
        r"Number of streams exceeds",
        RefusedFootage,
        "The file has too many streams; copy its video stream into a separate file.",
    ),
    (
        r"Error opening input\b[^\n]*: Cannot allocate memory",
        RefusedFootage,
        "The index of this file needs more memory than ffmpeg may use; split the file, or raise "
        "NIGHTREEL_DECODER_MEMORY_MB.",
    ),
    (
        r"moov atom not found",
        UnreadableFootage,
        "The file has no index: it is truncated or not a video file; copy or export it again.",
    ),
    (
        r"\n  Stream #0:\d+[^\n]*: Video: [^\n]*\(attached pic\)",
        UnreadableFootage,
        "The file contains a cover picture but no video; add the video itself.",
    ),
    (
        r"\n  Stream #0:\d+[^\n]*: Audio: ",
        UnreadableFootage,
        "The file contains audio but no video; add the video itself.",
    ),
    (
        r"Stream mapping:",
        UnreadableFootage,
        "The file declares a video stream but contains no frames; copy or export it again.",
    ),
    (
        r"(?m)^Input #0, ",
        UnreadableFootage,
        "The file contains no video; add the video itself.",
    ),
)
"""What ffmpeg logs, and what it means; the first that fits counts."""


def _first(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1] if match else None


def _start_us(log: str) -> int | None:
    seconds = _first(r"^  Duration: [^\n]*start: (-?\d{1,12}\.\d{6})", log)
    return int(Fraction(seconds) * 1_000_000) if seconds else None


def _duration_ms(log: str) -> int | None:
    clock = re.search(r"^  Duration: (\d{1,9}):(\d\d):(\d\d)\.(\d\d)", log, re.MULTILINE)
    if not clock:
        return None
    hours, minutes, seconds, hundredths = (int(part) for part in clock.groups())
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + hundredths * 10


def _creation(log: str) -> tuple[int, str] | tuple[None, None]:
    """The time that the file claims, in milliseconds since 1970 UTC, and its words."""
    words = _first(r"^ +creation_time +: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)$", log)
    try:
        moment = datetime.fromisoformat(words) if words else None
    except ValueError:
        return None, None
    # A clock that was never set gives 1904 or 1970.
    if words is None or moment is None or moment.year < _FIRST_YEAR:
        return None, None
    return int(moment.timestamp()) * 1000, words


def _frame_rate(line: str) -> Fraction | None:
    """ffmpeg rounds to two decimals: 29.97 stands for 30000/1001."""
    shown = re.search(r", (\d{1,9}(?:\.\d{1,4})?)(k?) fps", line)
    if not shown or not Fraction(shown[1]):
        return None
    rate = Fraction(shown[1]) * (1000 if shown[2] else 1)
    broadcast = Fraction(round(rate * 1001 / 1000) * 1000, 1001)
    return broadcast if rate.denominator > 1 and abs(rate - broadcast) < Fraction(1, 100) else rate


def _rotation(below: str) -> int:
    angle = _first(r"[Dd]isplay ?[Mm]atrix: rotation of (-?\d{1,3}(?:\.\d+)?) degrees", below)
    return round(-Fraction(angle) / 90) * 90 % 360 if angle else 0
