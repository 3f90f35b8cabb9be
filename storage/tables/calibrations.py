"""Measured false candidates in the footage of a case."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, false
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table


class Calibration(Table, table=True):
    """Results of searches for people known not to be in a case's footage; no photo is stored."""

    __table_args__ = (CheckConstraint("searches > 0", name="searches"), IDS_NEVER_REUSED)
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", index=True)
    engine: str
    weights_sha256: str
    threshold: float
    own_only: bool = Field(sa_column_kwargs={"server_default": false()})
    """Whether only footage that was added for the case was searched."""
    searches: int
    with_any: int
    false_candidates: int
    curve: list[list[float]] = Field(sa_type=JSON)
    """Results at other thresholds: threshold, searches with a candidate, candidates."""
    groups: dict[str, list[int]] = Field(sa_type=JSON)
    """Results per group named by the operator: searches, with a candidate, candidates."""
    appearances: int
    """Number of appearances compared."""
    photos_sha256: str
    """One hash over all photos."""
    actor: str
    made_at: datetime
