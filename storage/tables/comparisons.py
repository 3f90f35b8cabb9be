"""What was compared with what; see `storage.results.comparisons`."""

from datetime import datetime

from sqlmodel import Field

from storage.tables.base import Table, unique


class PersonComparison(Table, table=True):
    """A person compared by one engine with all embeddings that were stored."""

    __tablename__ = "person_comparison"
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", primary_key=True)
    engine: str = Field(primary_key=True)
    key: str
    """A hash of all that it rested on."""
    until_id: int | None = None
    """The first analysis comparison that left the person out; None if none did."""
    compared_at: datetime


class AnalysisComparison(Table, table=True):
    """An analysis whose faces were compared with all people of interest at that time.

    Comparing it again gives it a new, greater id.
    """

    __tablename__ = "analysis_comparison"
    __table_args__ = unique("analysis_id")
    id: int = Field(default=None, primary_key=True)
    analysis_id: int = Field(foreign_key="analysis.id", ondelete="CASCADE")
    key: str
    """A hash of all that it rested on."""
    compared_at: datetime
