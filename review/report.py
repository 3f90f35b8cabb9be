"""The report of one search as a single page that needs nothing but itself.

It opens offline, prints, and holds no script. Its words are chosen with care: a machine ranks
candidates; only people decide who somebody is.
"""

import base64
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal, TypeAlias

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from review.timeline import Bar, Range, Tick, bar, bars, clock, legible, ticks

Jpeg: TypeAlias = bytes
State: TypeAlias = Literal["waiting", "running", "matching", "done", "gaps", "failed"]

BEYOND_THRESHOLD = 1.25
"""The distance scale ends at this multiple of the threshold."""
BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
"""Characters that can make `exe.gpj` read as something else."""


@dataclass(frozen=True, slots=True)
class EngineCard:
    """What made the distances, as a reader must know it."""

    name: str
    distance: str
    """What a distance is, in words: `Euclidean distance between unit vectors`."""
    threshold: float
    licence: str
    commercial_use: bool
    weights_sha256: str


@dataclass(frozen=True, slots=True)
class ReferenceRow:
    """A reference photo of a person."""

    photo: str
    """The file's name."""
    crop: Jpeg
    """Empty when the photo could not be used."""
    quality: float
    """0..1."""
    verdict: str
    """What was said of the photo when it was added."""


@dataclass(frozen=True, slots=True)
class CandidateRow:
    """An appearance ranked for a person."""

    rank: int
    recording: int
    """Index into Report.recordings."""
    start_ms: int
    end_ms: int
    best_ms: int
    distance: float
    threshold: float
    reference: int
    """Index into PersonSection.references: the one that came closest."""
    quality: float
    """Of the best face, 0..1."""
    crops: tuple[Jpeg, ...]
    """Best first."""
    same_as: int | None = None
    """Rank of the candidate that it repeats: the same moment in footage that was added before."""
    provenance: str = ""
    """Who cut the face and when it came, where it was imported; empty where footage was watched."""


@dataclass(frozen=True, slots=True)
class SharedFootage:
    """A stretch of a recording that another one shows as well."""

    other: str
    """Name of the one that was added before."""
    start_ms: int
    end_ms: int
    """In the other's time."""
    offset_ms: int
    """Where this one begins, in the other's time."""


@dataclass(frozen=True, slots=True)
class PersonSection:
    """Someone who was looked for, and who came close, by rank."""

    name: str
    references: tuple[ReferenceRow, ...]
    candidates: tuple[CandidateRow, ...]

    @property
    def moments(self) -> int:
        """How many of the candidates are different moments."""
        return sum(one.same_as is None for one in self.candidates)


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording, and how much of it was looked at."""

    name: str
    sha256: str
    duration_ms: int
    state: State
    duration_claimed_ms: int | None = None
    """What the file's header says."""
    decoded_ms: int = 0
    sampled_frames: int = 0
    faces: int = 0
    appearances: tuple[Range, ...] = ()
    gaps: tuple[Range, ...] = ()
    """Every range that was not looked at, whatever the cause."""
    reason: str = ""
    """Why there are gaps, or why it failed."""
    shared: tuple[SharedFootage, ...] = ()
    imported: bool = False
    """Whether nothing is here but faces that others cut."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that was given and is not looked at."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the page says."""

    made_at: datetime
    plan_key: str
    plan: tuple[tuple[str, str], ...]
    """How the footage was looked at: label and value, in order."""
    engine: EngineCard
    persons: tuple[PersonSection, ...]
    recordings: tuple[RecordingRow, ...]
    refused: tuple[RefusedFile, ...] = ()
    case_reference: str = ""
    case: tuple[tuple[str, str], ...] = ()
    """What authorises the search: label and value (legal basis, purpose, authorised by...)."""
    calibration: str = ""
    """How many false candidates to expect at this threshold; empty when it was not measured."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A candidate on a strip, and the place of its card on the page."""

    bar: Bar
    rank: int
    card: str


@dataclass(frozen=True, slots=True)
class Strip:
    """A recording's length, drawn."""

    recording: RecordingRow
    markers: list[Marker]
    """In order of rank."""

    @property
    def labelled(self) -> list[tuple[Marker, float]]:
        """The markers whose rank has room above the strip, and where their middle is."""
        middles = [one.bar.x + one.bar.width / 2 for one in self.markers]
        placed = zip(self.markers, middles, legible(middles), strict=True)
        return [(marker, middle) for marker, middle, fits in placed if fits]

    @property
    def others(self) -> list[Bar]:
        """Every appearance, candidate or not: the markers are drawn over theirs."""
        return bars(self.recording.appearances, self.recording.duration_ms)

    @property
    def gaps(self) -> list[Bar]:
        """What was not looked at."""
        return bars(self.recording.gaps, self.recording.duration_ms)

    @property
    def ticks(self) -> list[Tick]:
        """Times under the strip."""
        return ticks(self.recording.duration_ms)


def render(report: Report) -> str:
    """One HTML page with every picture inside, whatever the names in it are made of."""
    markers = [_markers(report, number) for number in range(len(report.persons))]
    return _template().render(
        report=report,
        person_strips=[_strips(report, [own]) for own in markers],
        all_strips=_strips(report, markers, every_recording=True),
        candidates=sum(len(person.candidates) for person in report.persons),
        duration_ms=sum(one.duration_ms for one in report.recordings),
        unseen_ms=sum(end - start for one in report.recordings for start, end in one.gaps),
    )


def card_id(person: int, rank: int) -> str:
    """The anchor of a candidate's card."""
    return f"person-{person + 1}-candidate-{rank}"


_Markers: TypeAlias = dict[int, list[Marker]]
"""By index of the recording."""


def _markers(report: Report, person: int) -> _Markers:
    markers: _Markers = {}
    for one in report.persons[person].candidates:
        span = bar((one.start_ms, one.end_ms), report.recordings[one.recording].duration_ms)
        marker = Marker(span, one.rank, card_id(person, one.rank))
        markers.setdefault(one.recording, []).append(marker)
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
    """What renders pages that are files of their own."""
    environment = Environment(
        loader=PackageLoader("review"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_legible_text,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(clock=clock, data_uri=_data_uri)
    environment.globals.update(card_id=card_id, beyond_threshold=BEYOND_THRESHOLD)
    return environment


def _legible_text(value: object) -> object:
    """Spell out what cannot be shown, or would show a name as another one."""
    if type(value) is not str:  # markup is a str too, and has been through here
        return value
    return "".join(_spelled(one) if _deceives(one) else one for one in value)


def _deceives(character: str) -> bool:
    control = unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
    return control or character in BIDI_CONTROLS


def _spelled(character: str) -> str:
    return f"\\u{ord(character):04x}"


def _data_uri(jpeg: Jpeg) -> Markup:
    return Markup(f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}")
