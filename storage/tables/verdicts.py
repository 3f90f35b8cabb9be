"""What reviewers decided, and what bears on it."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique


class Decision(StrEnum):
    """What a reviewer makes of a candidate."""

    SAME = "same"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"


class Verdict(Table, table=True):
    """One reviewer's decision on one candidate, with what was seen; never changed, never computed.

    Two places and one place an account: so only two different people can agree. It names the
    appearance and the reference without hanging on them, and outlives both.
    """

    __table_args__ = (
        UniqueConstraint("person_id", "appearance_id", "account_id"),
        UniqueConstraint("person_id", "appearance_id", "place"),
        CheckConstraint("place in (1, 2)", name="place"),
        CheckConstraint("decision in ('same', 'different', 'inconclusive')", name="decision"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT", index=True)
    place: int
    """1 for whoever decided first, 2 for the other."""
    decision: Decision = Field(sa_type=names(Decision))
    decided_at: datetime
    seeded: bool
    """Given on a decoy: it measures the reviewer and is no result."""
    below_floor: bool
    """Whether the pictures were below the floor of quality when it was given."""
    recording_sha256: str
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    best_ms: int = Field(sa_type=BigInteger)
    crop: str = Field(repr=False)
    """Name of the picture that was shown."""
    quality: float
    distance: float
    threshold: float
    reference_id: int
    engine: str
    plan_key: str


class QualityOverride(Table, table=True):
    """Why two people's verdicts count although the pictures are below the floor of quality."""

    __tablename__ = "quality_override"
    __table_args__ = (
        UniqueConstraint("person_id", "appearance_id"),
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT")
    reason: str
    written_at: datetime


class Decoy(Table, table=True):
    """An appearance that is known not to show a person, put among the candidates on purpose."""

    __table_args__ = unique("person_id", "appearance_id")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", index=True)
    reference_id: int = Field(foreign_key="reference.id", ondelete="CASCADE", index=True)
    distance: float
    threshold: float
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT")
    """Who put it there."""
    reason: str
    """Why it is known that this is somebody else."""
    seeded_at: datetime
