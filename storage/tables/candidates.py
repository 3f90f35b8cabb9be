"""Candidates, comparison runs, and how each run changed the candidates."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique


class Candidate(Table, table=True):
    """An appearance ranked for a person by one engine; rank 1 is the closest."""

    __table_args__ = unique("person_id", "appearance_id", "engine")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", index=True)
    reference_id: int = Field(foreign_key="reference.id", ondelete="CASCADE", index=True)
    engine: str
    distance: float
    threshold: float
    rank: int


class Cause(StrEnum):
    """Why a person was compared again with all stored embeddings."""

    ADDED = "added"
    """A photo was added."""
    WITHDRAWN = "withdrawn"
    """A photo was withdrawn."""
    MODEL = "model"
    """Another engine is in use."""
    THRESHOLD = "threshold"
    """The same engine has another threshold."""


class Rematch(Table, table=True):
    """A comparison run: one person compared again with all stored embeddings, and the reason."""

    __table_args__ = IDS_NEVER_REUSED
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", index=True)
    engine: str
    cause: Cause = Field(sa_type=names(Cause))
    actor: str
    """Who caused it: `uid:N`, `account:N` or `worker`."""
    asked_at: datetime
    done_at: datetime | None = None
    """None until the comparison is done; the columns below are set then."""
    weights_sha256: str | None = None
    photos_sha256: str | None = None
    """One hash over all compared photos."""
    photos: int | None = None
    appearances: int | None = None
    """Number of appearances the photos were compared with."""
    threshold: float | None = None


class CandidateChange(Table, table=True):
    """The effect of a rematch on one candidate: without values before it is new, without values
    after it is gone."""

    __tablename__ = "candidate_change"
    __table_args__ = (
        UniqueConstraint("rematch_id", "appearance_id"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    rematch_id: int = Field(foreign_key="rematch.id", ondelete="CASCADE")
    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", index=True)
    reference_before: int | None = Field(
        default=None, foreign_key="reference.id", ondelete="SET NULL", index=True
    )
    distance_before: float | None = None
    rank_before: int | None = None
    reference_after: int | None = Field(
        default=None, foreign_key="reference.id", ondelete="SET NULL", index=True
    )
    distance_after: float | None = None
    rank_after: int | None = None
