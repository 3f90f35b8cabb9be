"""Everything a report says, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from pipeline.judging.listed import Listed
from report.timeline import Range

Jpeg: TypeAlias = bytes
State: TypeAlias = Literal["waiting", "running", "matching", "done", "gaps", "failed"]


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
class CandidateCard:
    """A candidate with its pictures."""

    listed: Listed
    recording: int
    """Index into Report.recordings."""
    reference: int
    """Index into PersonSection.references: the one that came closest."""
    crops: tuple[Jpeg, ...]
    """Best first."""


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
    candidates: tuple[CandidateCard, ...]

    @property
    def moments(self) -> int:
        """How many of the candidates are different moments."""
        return sum(one.listed.same_as is None for one in self.candidates)


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
