"""The report of one search as a single self-contained page.

It opens offline, prints, and contains no script. Its wording matters: a machine ranks candidates;
only people decide who a person is.
"""

import base64
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from report.column import Column, headed
from report.columns import CANDIDATE
from report.compared import sentence
from report.report_contents import Jpeg, RecordingRow, Report
from report.timeline import Bar, Tick, bar, bars, clock, legible, ticks
from storage.database.moments import in_utc

BEYOND_THRESHOLD = 1.25
"""The distance scale ends at this multiple of the threshold."""
PLACED = frozenset(
    (
        *("person", "rank", "distance", "threshold", "recording", "start_ms", "end_ms"),
        *("quality", "provenance", "same_as_rank"),
    )
)
"""Columns with a place of their own on a card."""
BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that can make `exe.gpj` read as something else."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A candidate on a strip, and the anchor of its card on the page."""

    bar: Bar
    rank: int
    card: str


@dataclass(frozen=True, slots=True)
class Strip:
    """The timeline of a recording."""

    recording: RecordingRow
    markers: list[Marker]
    """In order of rank."""

    @property
    def labelled(self) -> list[tuple[Marker, float]]:
        """The markers whose rank fits above the strip, and their middle in percent."""
        middles = [marker.bar.x + marker.bar.width / 2 for marker in self.markers]
        placed = zip(self.markers, middles, legible(middles), strict=True)
        return [(marker, middle) for marker, middle, fits in placed if fits]

    @property
    def others(self) -> list[Bar]:
        """All appearances, candidates or not; the markers are drawn over them."""
        return bars(self.recording.appearances, self.recording.duration_ms)

    @property
    def gaps(self) -> list[Bar]:
        """What was not analysed."""
        return bars(self.recording.gaps, self.recording.duration_ms)

    @property
    def ticks(self) -> list[Tick]:
        """Times under the strip."""
        return ticks(self.recording.duration_ms)


def render(report: Report) -> str:
    """One HTML page with all pictures embedded; names may contain any characters."""
    markers = [_markers(report, number) for number in range(len(report.persons))]
    return _template().render(
        report=report,
        details=_details(report),
        person_strips=[_strips(report, [own]) for own in markers],
        all_strips=_strips(report, markers, every_recording=True),
        candidates=sum(len(person.candidates) for person in report.persons),
        duration_ms=sum(recording.duration_ms for recording in report.recordings),
        unseen_ms=sum(end - start for row in report.recordings for start, end in row.gaps),
    )


def card_id(person: int, rank: int) -> str:
    """The anchor of a candidate's card."""
    return f"person-{person + 1}-candidate-{rank}"


def _details(report: Report) -> list[Column]:
    """The columns on the last line of a card, which have no place of their own."""
    listed = [card.listed for person in report.persons for card in person.candidates]
    return [column for column in headed(CANDIDATE, listed) if column.name not in PLACED]


_Markers: TypeAlias = dict[int, list[Marker]]
"""By index of the recording."""


def _markers(report: Report, person: int) -> _Markers:
    markers: _Markers = {}
    for card in report.persons[person].candidates:
        row = card.listed.row
        length_ms = report.recordings[card.recording].duration_ms
        span = bar((row.seen.start_ms, row.seen.end_ms), length_ms)
        marker = Marker(span, row.rank, card_id(person, row.rank))
        markers.setdefault(card.recording, []).append(marker)
    return markers


def _strips(
    report: Report, sets: Sequence[_Markers], *, every_recording: bool = False
) -> list[Strip]:
    strips = [
        Strip(recording, [marker for markers in sets for marker in markers.get(index, ())])
        for index, recording in enumerate(report.recordings)
    ]
    return [strip for strip in strips if every_recording or strip.markers]


@cache
def _template() -> Template:
    return environment().get_template("report.html.j2")


@cache
def environment() -> Environment:
    """The template environment of pages that are files."""
    environment = Environment(
        loader=PackageLoader("report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_legible_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, data_uri=_data_uri, moment=in_utc)
    environment.globals.update(
        card_id=card_id, sentence=sentence, beyond_threshold=BEYOND_THRESHOLD
    )
    return environment


def _legible_text(value: object) -> object:
    """Spell out characters that cannot be displayed, or that make a name look like another."""
    if type(value) is not str:  # Markup is also a str, and was already processed
        return value
    return "".join(_spelled(char) if _deceives(char) else char for char in value)


def _deceives(character: str) -> bool:
    control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
    return control or character in BIDI_CONTROLS


def _spelled(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _data_uri(jpeg: Jpeg) -> Markup:
    return Markup(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}")
