"""The contents of a report, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from pipeline.judging.listed import Listed
from report.timeline import Range
from storage.results.compared import Compared

Jpeg: TypeAlias = bytes
State: TypeAlias = Literal["waiting", "running", "matching", "done", "gaps", "failed"]


@dataclass(frozen=True, slots=True)
class EngineCard:
    """The engine that computed the distances."""

    name: str
    distance: str
    """Definition of the distance, in words: `Euclidean distance between unit vectors`."""
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
    """Empty if the photo is not usable."""
    quality: float
    """0..1."""
    verdict: str
    """The assessment of the photo when it was added."""


@dataclass(frozen=True, slots=True)
class CandidateCard:
    """A candidate with its pictures."""

    listed: Listed
    recording: int
    """Index into Report.recordings."""
    reference: int
    """Index of the closest one in PersonSection.references."""
    crops: tuple[Jpeg, ...]
    """Best first."""


@dataclass(frozen=True, slots=True)
class SharedFootage:
    """A stretch of a recording that duplicates footage of another one."""

    other: str
    """Name of the recording that was added earlier."""
    start_ms: int
    end_ms: int
    """The stretch is given in the other's time."""
    offset_ms: int
    """Start of this recording, in the other's time."""


@dataclass(frozen=True, slots=True)
class PersonSection:
    """A person of interest, with reference photos, and candidates by rank."""

    name: str
    references: tuple[ReferenceRow, ...]
    candidates: tuple[CandidateCard, ...]
    compared: Compared
    disagreements: tuple[str, ...] = ()
    """A sentence for each two photos that may not show the same person."""

    @property
    def moments(self) -> int:
        """The number of candidates that do not repeat the moment of another one."""
        return sum(card.listed.same_as is None for card in self.candidates)


@dataclass(frozen=True, slots=True)
class RecordingRow:
    """One recording, and how much of it was analysed."""

    name: str
    sha256: str
    duration_ms: int
    state: State
    duration_claimed_ms: int | None = None
    """The length according to the file's header."""
    decoded_ms: int = 0
    sampled_frames: int = 0
    faces: int = 0
    appearances: tuple[Range, ...] = ()
    gaps: tuple[Range, ...] = ()
    """Every range that was not analysed, whatever the cause."""
    reason: str = ""
    """Why there are gaps, or why it failed."""
    shared: tuple[SharedFootage, ...] = ()
    imported: bool = False
    """Whether only faces cut by other software are here."""


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A rejected file."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """The contents of the page."""

    made_at: datetime
    plan_key: str
    plan: tuple[tuple[str, str], ...]
    """The processing settings as (label, value), in order."""
    engine: EngineCard
    persons: tuple[PersonSection, ...]
    recordings: tuple[RecordingRow, ...]
    refused: tuple[RefusedFile, ...] = ()
    case_reference: str = ""
    case: tuple[tuple[str, str], ...] = ()
    """What authorises the search, as (label, value): legal basis, purpose, authorised by..."""
    calibration: str = ""
    """The false candidates to expect at this threshold; empty if not measured."""
