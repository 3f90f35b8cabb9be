"""The table of an import: each line names a face picture, its recording and its time.

CSV with a header line, or JSON Lines. The fields are `file`, `recording` or `sha256` or both,
`time`, and optionally `end` and `box`.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from errors import WrongUsage
from faces.face import Box
from pipeline.names import shown
from storage.jobs.imports import Named

MOST_BYTES = 200_000_000
LONGEST_NAME = 1000
NEEDED = ("file", "time")
JSON_ENDINGS = frozenset({".jsonl", ".ndjson", ".json"})
_MILLISECONDS = re.compile(r"\d{1,12}(\.\d+)?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,5}):)?([0-5]?\d):([0-5]?\d(?:\.\d{1,9})?)", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LARGEST_PX = 1e6


@dataclass(frozen=True, slots=True)
class Line:
    """One face of the table. Times are milliseconds from the start of the recording."""

    number: int
    """The line number in the table, counted from 1; the header counts."""
    file: str
    recording: Named
    start_ms: int
    end_ms: int
    box: Box | None
    """The face in the recording's frame, in pixels; None if unknown."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that was not imported, and the reason."""

    number: int
    file: str
    reason: str


@dataclass(frozen=True, slots=True)
class FaceTable:
    """The contents of a table, with the lines that were rejected."""

    sha256: str
    lines: list[Line]
    refused: list[Refused]


class _Unclear(Exception):
    """A line cannot be parsed; the message says why."""


def read_table(path: Path) -> FaceTable:
    """Read a whole table; a line that cannot be parsed is rejected, and the others are kept.

    Raises WrongUsage when the file cannot be read or is not such a table.
    """
    body = _bytes_of(path)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise WrongUsage("The table is not UTF-8 text; save it as CSV in UTF-8.") from None
    is_json = path.suffix.lower() in JSON_ENDINGS
    lines: list[Line] = []
    refused: list[Refused] = []
    for number, entry in _of_json(text) if is_json else _of_csv(text):
        try:
            lines.append(_line(number, entry))
        except _Unclear as reason:
            refused.append(Refused(number, _file_of(entry), str(reason)))
    return FaceTable(hashlib.sha256(body).hexdigest(), lines, refused)


def _bytes_of(path: Path) -> bytes:
    if not path.is_file():
        raise WrongUsage("No such table; name a CSV or JSON Lines file.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WrongUsage("The table is larger than 200 MB; split it, and import each part.")
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or "error").lower()
        raise WrongUsage(f"The table cannot be read: {reason}.") from error


def _of_csv(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    headings = text.partition("\n")[0]
    delimiter = max(",;\t", key=headings.count)
    rows = csv.DictReader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in rows.fieldnames or ()]
        if missing := [name for name in NEEDED if name not in names]:
            raise WrongUsage(
                f"The table has no column {missing[0]}; it needs file, time, and recording or "
                "sha256, named in its first line."
            )
        rows.fieldnames = names
        for entry in rows:
            yield rows.line_num, entry
    except csv.Error:
        raise WrongUsage(f"The table is not valid CSV from line {rows.line_num} on.") from None


def _of_json(text: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                entry = json.loads(line)
            except (ValueError, RecursionError):
                entry = None
            yield number, entry if isinstance(entry, dict) else {}


def _file_of(entry: Mapping[str, Any]) -> str:
    try:
        return shown(str(entry.get("file") or ""))[:LONGEST_NAME]
    except UnicodeEncodeError:
        return ""


def _line(number: int, entry: Mapping[str, Any]) -> Line:
    file = _text(entry, "file")
    if not file:
        raise _Unclear("It names no file.")
    named = Named(shown(_text(entry, "recording")), _sha256(_text(entry, "sha256")))
    if named == Named():
        raise _Unclear("It says neither the name nor the sha256 of its recording.")
    start_ms = _milliseconds(_text(entry, "time"))
    end = _text(entry, "end")
    end_ms = _milliseconds(end) if end else start_ms
    if end_ms < start_ms:
        raise _Unclear("Its end is before its time.")
    return Line(number, file, named, start_ms, end_ms, _box(entry.get("box")))


def _text(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    if value is None:
        return ""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise _Unclear(f"Its {name} is neither text nor a number.")
    text = str(value).strip()
    if len(text) > LONGEST_NAME:
        raise _Unclear(f"Its {name} is longer than {LONGEST_NAME} characters.")
    if "\0" in text or not _is_text(text):
        raise _Unclear(f"Its {name} contains characters that are not text.")
    return text


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _sha256(text: str) -> str:
    digest = text.lower()
    if digest and not _SHA256.fullmatch(digest):
        raise _Unclear("Its sha256 is none: that has 64 digits of 0 to 9 and a to f.")
    return digest


def _milliseconds(text: str) -> int:
    if _MILLISECONDS.fullmatch(text):
        return round(float(text))
    clock = _CLOCK.fullmatch(text)
    if clock is None:
        raise _Unclear("Its time is neither milliseconds nor h:m:s from the recording's beginning.")
    hours, minutes, seconds = clock.groups()
    return round(1000 * (3600 * int(hours or 0) + 60 * int(minutes) + float(seconds)))


def _box(value: object) -> Box | None:
    if value is None or value == "":
        return None
    sides = re.split(r"[,;\s]+", value.strip("[] ")) if isinstance(value, str) else value
    try:
        box = Box(*(float(side) for side in sides))  # type: ignore[attr-defined]
        plausible = box.width > 0 and box.height > 0 and max(map(abs, (box.x, box.y))) < _LARGEST_PX
        plausible = plausible and max(box.width, box.height) < _LARGEST_PX  # false for NaN
    except (TypeError, ValueError):
        plausible = False
    if not plausible:
        raise _Unclear("Its box is not x, y, width and height in pixels.")
    return box
