"""Recordings, their analyses and segments, fingerprints and overlaps."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique

DEFAULT_SITE = "default"


class State(StrEnum):
    """The state of a segment or an analysis."""

    WAITING = "waiting"
    RUNNING = "running"
    MATCHING = "matching"
    """Analysis only: every segment has ended; the appearances are being joined and matched."""
    DONE = "done"
    GAPS = "gaps"
    """Analysis only: ended, and part of the recording was not processed."""
    FAILED = "failed"
    """Analysis only: ended, and nothing could be decoded."""
    QUARANTINED = "quarantined"
    """Segment only: given up, with a reason."""
    CANCELLED = "cancelled"
    """Cancelled by a user; its results are deleted."""


class Priority(StrEnum):
    """Urgent work goes before overnight work from the next segment on."""

    URGENT = "urgent"
    OVERNIGHT = "overnight"


class Capture(StrEnum):
    """Who stated when footage was recorded."""

    PERSON = "person"
    FILE = "file"


class Recording(Table, table=True):
    """One video file, identified by the sha256 of its bytes."""

    __table_args__ = unique("sha256")
    id: int = Field(default=None, primary_key=True)
    sha256: str
    """A name-based UUID if the footage was never here and the hash of its bytes is unknown."""
    name: str
    """The file's name when it was first added, for display."""
    path: bytes
    """`os.fsencode` of the path: a file name need not be text. Empty if only faces cut by other
    software were imported; the columns below were not measured then."""
    size_bytes: int = Field(sa_type=BigInteger)
    modified_ns: int = Field(sa_type=BigInteger)
    codec: str
    width: int
    height: int
    rotation: int
    pixel_format: str
    frame_rate: str | None
    time_base: str
    start_us: int = Field(sa_type=BigInteger)
    duration_claimed_ms: int | None = Field(sa_type=BigInteger)
    duration_ms: int = Field(sa_type=BigInteger)
    packets: int = Field(sa_type=BigInteger)
    added_at: datetime
    captured_ms: int | None = Field(default=None, sa_type=BigInteger)
    """When it was recorded, in milliseconds since 1970 UTC; None if not stated."""
    captured_by: Capture | None = Field(default=None, sa_type=names(Capture))
    """Who stated it; it is not verified."""
    captured_words: str | None = None
    """The time that the file claims, as it is written there, also if a person stated another; None
    if it claims none, and for footage added before this column existed."""
    object_tag: str | None = None
    """The object's ETag when it was added; None for a file, and for footage added before this
    column existed."""


class Plan(Table, table=True):
    """The processing settings of footage, or the origin of faces cut by other software."""

    key: str = Field(primary_key=True)
    engine: str
    body: str = Field(sa_type=Text)
    cut_by: str | None = None
    """Who cut the faces imported under it; None if footage is processed."""


class Analysis(Table, table=True):
    """One recording processed under one plan, or its stored crops re-embedded by another engine."""

    __table_args__ = unique("recording_id", "plan_key")
    id: int = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recording.id", ondelete="CASCADE")
    plan_key: str = Field(foreign_key="plan.key", ondelete="CASCADE", index=True)
    state: State = Field(default=State.WAITING, sa_type=names(State), index=True)
    priority: Priority = Field(
        default=Priority.OVERNIGHT,
        sa_type=names(Priority),
        sa_column_kwargs={"server_default": Priority.OVERNIGHT.value},
    )
    any_time: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether it is also processed outside the processing windows."""
    site: str = Field(default=DEFAULT_SITE, sa_column_kwargs={"server_default": DEFAULT_SITE})
    """Location of the footage: only workers of this site process it."""
    paused_at: datetime | None = None
    due_at: datetime | None = None
    """Deadline."""
    origin_id: int | None = Field(
        default=None, foreign_key="analysis.id", ondelete="CASCADE", index=True
    )
    """The analysis whose crops are re-embedded; None if footage is processed."""
    asked_at: datetime
    match_asked_at: datetime | None = None
    finished_at: datetime | None = None
    thinned_at: datetime | None = None
    """When the appearances of bystanders were purged; it cannot be matched again."""


class Segment(Table, table=True):
    """A stretch of a recording under one plan: the unit of work."""

    __table_args__ = (
        UniqueConstraint("analysis_id", "index"),
        Index(None, "state", "lease_until"),
        Index(None, "state", "attempts"),
        IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    analysis_id: int = Field(foreign_key="analysis.id", ondelete="CASCADE")
    index: int
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    start_pts: int | None = Field(default=None, sa_type=BigInteger)
    end_pts: int | None = Field(default=None, sa_type=BigInteger)
    state: State = Field(default=State.WAITING, sa_type=names(State))
    attempts: int = 0
    lease_owner: str | None = None
    lease_until: datetime | None = None
    asked_at: datetime | None = None
    started_at: datetime | None = None
    """When the latest attempt began."""
    finished_at: datetime | None = None
    decoded_frames: int = 0
    sampled_frames: int = 0
    faces: int = 0
    decoded_ms: int = Field(default=0, sa_type=BigInteger)
    gaps: list[list[int]] = Field(default_factory=list, sa_type=JSON)
    reason: str | None = None


class Fingerprint(Table, table=True):
    """The video fingerprint of a segment, to detect duplicate footage; no one is recognisable."""

    segment_id: int = Field(foreign_key="segment.id", ondelete="CASCADE", primary_key=True)
    version: int
    """Version of the method that made it."""
    glimpses: bytes = Field(repr=False)
    marks: bytes = Field(repr=False)


class Overlap(Table, table=True):
    """Duplicate footage in two recordings; the first is the one that was added earlier."""

    __table_args__ = unique("first_id", "second_id")
    id: int = Field(default=None, primary_key=True)
    first_id: int = Field(foreign_key="recording.id", ondelete="CASCADE")
    second_id: int = Field(foreign_key="recording.id", ondelete="CASCADE", index=True)
    offset_ms: int = Field(sa_type=BigInteger)
    """Start of the second recording, in the first one's time."""
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    """The common stretch is given in the first recording's time."""
    agreement: float
    version: int
    """Version of the method that found it."""
