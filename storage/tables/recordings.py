"""What footage there is, and how far it has been looked at."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, BigInteger, Index, Text, UniqueConstraint, false
from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table, names, unique

DEFAULT_SITE = "default"


class State(StrEnum):
    """Where a segment or an analysis stands."""

    WAITING = "waiting"
    RUNNING = "running"
    MATCHING = "matching"
    """Analysis only: every segment has ended, the appearances are being joined and matched."""
    DONE = "done"
    GAPS = "gaps"
    """Analysis only: ended, and some of the recording was not looked at."""
    FAILED = "failed"
    """Analysis only: ended, and nothing could be decoded."""
    QUARANTINED = "quarantined"
    """Segment only: given up, with a reason."""
    CANCELLED = "cancelled"
    """Not wanted any more; what had been seen is gone."""


class Priority(StrEnum):
    """Which work goes first; the higher overtakes the lower at the next segment."""

    URGENT = "urgent"
    OVERNIGHT = "overnight"


class Capture(StrEnum):
    """Who says when footage was recorded."""

    PERSON = "person"
    FILE = "file"


class Recording(Table, table=True):
    """One uploaded video file, known by the sha256 of its bytes."""

    __table_args__ = unique("sha256")
    id: int = Field(default=None, primary_key=True)
    sha256: str
    """A name-based UUID where the footage was never here and nobody knows the hash of its bytes."""
    name: str
    """The file's name when it was first added, for people to read."""
    path: bytes
    """`os.fsencode` of the path: a file name need not be text. Empty where the footage was never
    here, only faces that others cut from it: then nothing below was measured."""
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
    """When it was recorded, in milliseconds since 1970 UTC; None when nobody says."""
    captured_by: Capture | None = Field(default=None, sa_type=names(Capture))
    """Who says so; nothing proves it."""
    object_tag: str | None = None
    """What the object store called these bytes when they were added; None where footage is a file,
    or was added before this was kept."""


class Plan(Table, table=True):
    """How footage is looked at, or how faces came that others cut."""

    key: str = Field(primary_key=True)
    engine: str
    body: str = Field(sa_type=Text)
    cut_by: str | None = None
    """Who cut the faces that were imported under it; None where footage is watched."""


class Analysis(Table, table=True):
    """One recording looked at under one plan, or its kept crops re-embedded by another engine."""

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
    """Whether it is watched outside the windows too."""
    site: str = Field(default=DEFAULT_SITE, sa_column_kwargs={"server_default": DEFAULT_SITE})
    """Where the footage is: only workers of this site are asked to watch it."""
    paused_at: datetime | None = None
    due_at: datetime | None = None
    """When it was wanted by."""
    origin_id: int | None = Field(
        default=None, foreign_key="analysis.id", ondelete="CASCADE", index=True
    )
    """The analysis whose crops are re-embedded; None where footage is watched."""
    asked_at: datetime
    match_asked_at: datetime | None = None
    finished_at: datetime | None = None
    thinned_at: datetime | None = None
    """When what was seen of bystanders was erased; it cannot be matched again."""


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
    """What happened in a segment, for knowing the same footage again; nobody can be seen in it."""

    segment_id: int = Field(foreign_key="segment.id", ondelete="CASCADE", primary_key=True)
    version: int
    """Of how it was made."""
    glimpses: bytes = Field(repr=False)
    marks: bytes = Field(repr=False)


class Overlap(Table, table=True):
    """The same footage in two recordings, the one that was added earlier first."""

    __table_args__ = unique("first_id", "second_id")
    id: int = Field(default=None, primary_key=True)
    first_id: int = Field(foreign_key="recording.id", ondelete="CASCADE")
    second_id: int = Field(foreign_key="recording.id", ondelete="CASCADE", index=True)
    offset_ms: int = Field(sa_type=BigInteger)
    """Where the second begins, in the first one's time."""
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    """The common stretch, in the first one's time."""
    agreement: float
    version: int
    """Of how it was found."""
