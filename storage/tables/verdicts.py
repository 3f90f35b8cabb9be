"""Reviewers' verdicts, quality overrides and decoys."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique

SHOWN = ("person_id", "appearance_id", "engine", "reference_id", "crop")
"""What a reviewer compares: a picture of an appearance and a photo of a person, by one engine."""


class Decision(StrEnum):
    """A reviewer's decision on a candidate."""

    SAME = "same"
    DIFFERENT = "different"
    INCONCLUSIVE = "inconclusive"


class Verdict(Table, table=True):
    """One reviewer's decision on one candidate, with what was shown; never changed or computed.

    What was shown has two places, and an account can take one of them: so only two different
    people can agree. The appearance and the reference are not foreign keys: a verdict outlives
    both.
    """

    __table_args__ = (
        # PostgreSQL allows 63 characters in a name; the usual ones would be longer.
        UniqueConstraint(*SHOWN, "account_id", name="uq_verdict_account"),
        UniqueConstraint(*SHOWN, "place", name="uq_verdict_place"),
        CheckConstraint("place in (1, 2)", name="place"),
        CheckConstraint("decision in ('same', 'different', 'inconclusive')", name="decision"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT", index=True)
    place: int
    """1 for the reviewer who decided first, 2 for the other."""
    decision: Decision = Field(sa_type=names(Decision))
    decided_at: datetime
    seeded: bool
    """Given on a decoy: it measures the reviewer and is not a result."""
    below_floor: bool
    """Whether the pictures were below the minimum quality when it was given."""
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
    photo_sha256: str = ""
    """Of the reference photo; empty if the verdict is of an earlier version and the photo is gone.
    """
    photo_name: str = Field(default="", repr=False)
    engine: str
    plan_key: str


class QualityOverride(Table, table=True):
    """Why two reviewers' verdicts count although the pictures are below the minimum quality."""

    __tablename__ = "quality_override"
    __table_args__ = (
        UniqueConstraint(*SHOWN, name="uq_quality_override_shown"),
        CheckConstraint("length(trim(reason)) > 0", name="reason"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    engine: str
    reference_id: int
    crop: str = Field(repr=False)
    account_id: int = Field(foreign_key="account.id", ondelete="RESTRICT")
    reason: str
    written_at: datetime


class Decoy(Table, table=True):
    """An appearance known to show another person, put among the candidates on purpose."""

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
    """Why it is known to be another person."""
    seeded_at: datetime
