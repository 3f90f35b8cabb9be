"""Footage of a case."""

from pydantic import BaseModel, Field

from review.api.models.given import Id
from storage.jobs.progress import Outcome
from storage.tables import State


class FootageGiven(BaseModel):
    """A recording of the archive."""

    recording_id: Id


class FootageAnswer(BaseModel):
    """A recording of a case under one plan, and how much of it was looked at."""

    analysis_id: int
    recording_id: int
    name: str = Field(examples=["gate 2.mp4"])
    sha256: str
    state: State
    cut_by: str | None = Field(
        description="Who cut the faces, where nothing but they was imported."
    )
    duration_ms: int
    decoded_ms: int = Field(description="How much of it was looked at.")
    appearances: int
    gaps: list[tuple[int, int]] = Field(
        description="From and to in milliseconds of what could not be looked at.",
        examples=[[[61000, 64000]]],
    )
    reasons: list[str] = Field(
        description="Why there are gaps.", examples=[["The file ends before its time."]]
    )

    @classmethod
    def of(cls, outcome: Outcome) -> "FootageAnswer":
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


class FootageList(BaseModel):
    """Some of a case's footage, the oldest first."""

    footage: list[FootageAnswer]
    next: str | None = Field(description="The cursor of more.", examples=["57"])


class ChangedFootage(BaseModel):
    """What taking a recording from a case changed."""

    candidates_gone: int
