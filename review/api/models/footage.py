"""Footage of a case."""

from pydantic import BaseModel, Field

from review.api.models.given import Gaps, Id, Reasons
from storage.jobs.progress import Outcome
from storage.tables import State


class FootageGiven(BaseModel):
    """A recording of the archive."""

    recording_id: Id


class FootageAnswer(BaseModel):
    """A recording of a case under one plan, with its coverage."""

    analysis_id: int
    recording_id: int
    name: str = Field(examples=["gate 2.mp4"])
    sha256: str
    state: State
    cut_by: str | None = Field(description="Who cropped the faces, if only faces were imported.")
    duration_ms: int
    decoded_ms: int = Field(description="Duration analysed.")
    appearances: int
    gaps: Gaps
    reasons: Reasons

    @classmethod
    def of(cls, outcome: Outcome) -> "FootageAnswer":
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


class FootageList(BaseModel):
    """A page of a case's footage, oldest first."""

    footage: list[FootageAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["57"])


class ChangedFootage(BaseModel):
    """Effect of removing a recording from a case."""

    candidates_gone: int
