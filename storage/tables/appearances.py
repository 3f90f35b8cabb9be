"""Sightings and appearances, their embeddings, and the engines in use."""

from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import JSON, BigInteger
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, unique
from storage.tables.vectors import SearchedVector, Vector


class PresenceColumns(Table):
    """The columns a sighting and an appearance share."""

    id: int = Field(default=None, primary_key=True)
    ordinal: int
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    best_ms: int = Field(sa_type=BigInteger)
    box_x: float
    box_y: float
    box_width: float
    box_height: float
    score: float
    quality: float
    faces: int
    crops: list[str] = Field(sa_type=JSON, repr=False)


class Sighting(PresenceColumns, table=True):
    """The part of an appearance inside one segment."""

    __table_args__ = unique("segment_id", "ordinal")
    segment_id: int = Field(foreign_key="segment.id", ondelete="CASCADE")
    vector: NDArray[np.float32] = Field(sa_type=Vector, repr=False)


class Appearance(PresenceColumns, table=True):
    """One person's continuous presence in one recording, joined across segment boundaries."""

    __table_args__ = unique("analysis_id", "ordinal")
    analysis_id: int = Field(foreign_key="analysis.id", ondelete="CASCADE")


class Embedding(Table, table=True):
    """An appearance as embedded by one engine."""

    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    engine: str = Field(primary_key=True)
    weights_sha256: str | None = None
    """None for rows from before this column existed."""
    vector: NDArray[np.float32] = Field(sa_type=SearchedVector, repr=False)


class EmbeddingChange(Table, table=True):
    """Record that an embedding was added, changed or deleted; written by SQLite triggers only."""

    __tablename__ = "embedding_change"
    __table_args__ = (IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    token: int = Field(sa_type=BigInteger)
    """Random, to tell this change from the one with the same id in another database."""
    engine: str
    appearance_id: int


class Omission(Table, table=True):
    """An appearance that an engine could not re-embed, and why."""

    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    engine: str = Field(primary_key=True)
    reason: str


class Model(Table, table=True):
    """The weights that an engine's name refers to in this archive."""

    engine: str = Field(primary_key=True)
    weights_sha256: str
    pinned_at: datetime


class ThresholdChoice(Table, table=True):
    """A threshold chosen for an engine: the greatest distance of a candidate. The latest counts."""

    __tablename__ = "threshold_choice"
    __table_args__ = IDS_NEVER_REUSED
    id: int = Field(default=None, primary_key=True)
    engine: str
    threshold: float
    reason: str
    actor: str
    chosen_at: datetime


class EngineChoice(Table, table=True):
    """A choice of the engine in use; the latest counts."""

    __tablename__ = "engine_choice"
    __table_args__ = IDS_NEVER_REUSED
    id: int = Field(default=None, primary_key=True)
    engine: str
    reason: str
    actor: str
    chosen_at: datetime
