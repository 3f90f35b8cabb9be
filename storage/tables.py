"""The tables. Every natural key is a unique constraint, so that writing twice equals writing once.

Times in footage are integer milliseconds from the recording's beginning; times of day are aware
UTC. Vectors and crop names stay out of every `repr`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Enum,
    Index,
    MetaData,
    Text,
    UniqueConstraint,
    false,
)
from sqlmodel import Field, SQLModel

from storage.vectors import SearchedVector, Vector

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


class Category(StrEnum):
    """What a person is to a case."""

    SUSPECT = "suspect"
    MISSING = "missing"
    VICTIM = "victim"
    WITNESS = "witness"
    OTHER = "other"
    """None of these, or not said."""


class Capture(StrEnum):
    """Who says when footage was recorded."""

    PERSON = "person"
    FILE = "file"


def _names(kind: type[StrEnum]) -> Enum:
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda kinds: [k.value for k in kinds]
    )


_STATE = _names(State)
# An id that was audited must never come to mean another row, which SQLite would allow by default.
_IDS_NEVER_REUSED = {"sqlite_autoincrement": True}


def _unique(*columns: str) -> tuple[Any, ...]:
    return (UniqueConstraint(*columns), _IDS_NEVER_REUSED)


class Table(SQLModel):
    model_config = {"arbitrary_types_allowed": True}
    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class Recording(Table, table=True):
    """One uploaded video file, known by the sha256 of its bytes."""

    __table_args__ = _unique("sha256")
    id: int = Field(default=None, primary_key=True)
    sha256: str
    name: str
    """The file's name when it was first added, for people to read."""
    path: bytes
    """`os.fsencode` of the path: a file name need not be text."""
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
    captured_by: Capture | None = Field(default=None, sa_type=_names(Capture))
    """Who says so; nothing proves it."""


class Plan(Table, table=True):
    """How footage is looked at."""

    key: str = Field(primary_key=True)
    engine: str
    body: str = Field(sa_type=Text)


class Analysis(Table, table=True):
    """One recording looked at under one plan, or its kept crops embedded anew by another engine."""

    __table_args__ = _unique("recording_id", "plan_key")
    id: int = Field(default=None, primary_key=True)
    recording_id: int = Field(foreign_key="recording.id", ondelete="CASCADE")
    plan_key: str = Field(foreign_key="plan.key", ondelete="CASCADE", index=True)
    state: State = Field(default=State.WAITING, sa_type=_STATE, index=True)
    priority: Priority = Field(
        default=Priority.OVERNIGHT,
        sa_type=_names(Priority),
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
    """The analysis whose crops are embedded anew; None where footage is watched."""
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
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    analysis_id: int = Field(foreign_key="analysis.id", ondelete="CASCADE")
    index: int
    start_ms: int = Field(sa_type=BigInteger)
    end_ms: int = Field(sa_type=BigInteger)
    start_pts: int | None = Field(default=None, sa_type=BigInteger)
    end_pts: int | None = Field(default=None, sa_type=BigInteger)
    state: State = Field(default=State.WAITING, sa_type=_STATE)
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
    """The part of an appearance that was seen inside one segment."""

    __table_args__ = _unique("segment_id", "ordinal")
    segment_id: int = Field(foreign_key="segment.id", ondelete="CASCADE")
    vector: NDArray[np.float32] = Field(sa_type=Vector, repr=False)


class Fingerprint(Table, table=True):
    """What happened in a segment, for knowing the same footage again; nobody can be seen in it."""

    segment_id: int = Field(foreign_key="segment.id", ondelete="CASCADE", primary_key=True)
    version: int
    """Of how it was made."""
    glimpses: bytes = Field(repr=False)
    marks: bytes = Field(repr=False)


class Overlap(Table, table=True):
    """The same footage in two recordings, the one that was added earlier first."""

    __table_args__ = _unique("first_id", "second_id")
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


class Appearance(PresenceColumns, table=True):
    """One person's unbroken presence in one recording, joined over the segments' borders."""

    __table_args__ = _unique("analysis_id", "ordinal")
    analysis_id: int = Field(foreign_key="analysis.id", ondelete="CASCADE")


class Embedding(Table, table=True):
    """An appearance as one engine sees it."""

    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    engine: str = Field(primary_key=True)
    weights_sha256: str | None = None
    """None for what was stored before this was kept."""
    vector: NDArray[np.float32] = Field(sa_type=SearchedVector, repr=False)


class EmbeddingChange(Table, table=True):
    """That an embedding came, changed or went; written by triggers of SQLite, and only there."""

    __tablename__ = "embedding_change"
    __table_args__ = (_IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    token: int = Field(sa_type=BigInteger)
    """Random, so that the same number in another database is another change."""
    engine: str
    appearance_id: int


class Omission(Table, table=True):
    """An appearance that an engine could not embed anew, and why."""

    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    engine: str = Field(primary_key=True)
    reason: str


class Model(Table, table=True):
    """The weights that an engine's name stands for in this archive."""

    engine: str = Field(primary_key=True)
    weights_sha256: str
    pinned_at: datetime


class EngineChoice(Table, table=True):
    """Which engine is in use from then on; the latest counts."""

    __tablename__ = "engine_choice"
    __table_args__ = _IDS_NEVER_REUSED
    id: int = Field(default=None, primary_key=True)
    engine: str
    reason: str
    actor: str
    chosen_at: datetime


class Case(Table, table=True):
    """What authorises a search."""

    __table_args__ = (
        UniqueConstraint("reference"),
        *(
            CheckConstraint(f"length(trim({name})) > 0", name=name)
            for name in ("reference", "legal_basis", "purpose", "requested_by")
        ),
        CheckConstraint("json_array_length(sources) > 0", name="sources"),
        CheckConstraint("footage_from < footage_until", name="footage"),
        CheckConstraint("opened_at < expires_at", name="expires_at"),
        CheckConstraint(
            "(authorised_at is null) = (authorised_by is null)"
            " and (authorised_at is null) = (authorisation_reference is null)",
            name="authorisation",
        ),
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    reference: str
    legal_basis: str
    """A code of the organisation's list, or `legacy` where it was opened before there was one."""
    basis_note: str = ""
    """What else is to be said of the legal basis."""
    purpose: str
    requested_by: str
    sources: list[str] = Field(sa_type=JSON)
    """What footage it may look at; see `storage.scope`."""
    footage_from: datetime
    footage_until: datetime
    """When that footage was recorded; the end is not included."""
    needs_authorisation: bool
    urgent: bool = False
    """Begun without the authorisation it needs, which is to be entered within 48 hours."""
    authorisation_reference: str | None = None
    authorised_by: str | None = None
    """The authority."""
    authorised_at: datetime | None = None
    authorisation_refused_at: datetime | None = None
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None
    purged_at: datetime | None = None
    """When all that belonged to it was erased."""
    allows_grouping: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    """Whether faces nobody is looking for may be grouped, within its footage."""


class CaseRecording(Table, table=True):
    """Footage that belongs to a case."""

    __tablename__ = "case_recording"
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", primary_key=True)
    recording_id: int = Field(
        foreign_key="recording.id", ondelete="CASCADE", primary_key=True, index=True
    )


class Person(Table, table=True):
    """Someone a case looks for."""

    __table_args__ = (
        UniqueConstraint("case_id", "name"),
        CheckConstraint(f"category in {tuple(map(str, Category))}", name="category"),
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE")
    name: str
    category: Category = Field(sa_type=_names(Category))
    review_at: datetime
    """From then on they are not searched for, until somebody says that they still may be."""
    asked_at: datetime
    asked_by: str | None = None
    """The actor who asked for the search, as the audit log writes it."""


class Reference(Table, table=True):
    """One photo of a person as one engine sees it; a refused photo has a verdict and no vector."""

    __table_args__ = _unique("person_id", "photo_sha256", "engine")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    photo_sha256: str
    photo_name: str
    source: str | None = None
    """Where the photo is from; None where that was not said."""
    engine: str
    weights_sha256: str
    verdict: str
    vector: NDArray[np.float32] | None = Field(default=None, sa_type=Vector, repr=False)
    crop: str | None = Field(default=None, repr=False)
    quality: float | None = None
    matched_at: datetime | None = None
    """None until it has been compared with every appearance there was when it was added; of a
    withdrawn photo, until what it had found was compared with the others."""
    withdrawn_at: datetime | None = None
    """Since then it has neither vector nor crop."""


class Candidate(Table, table=True):
    """An appearance ranked for a person by one engine; 1 is the closest."""

    __table_args__ = _unique("person_id", "appearance_id", "engine")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", index=True)
    reference_id: int = Field(foreign_key="reference.id", ondelete="CASCADE", index=True)
    engine: str
    distance: float
    threshold: float
    rank: int


class DataKey(Table, table=True):
    """What seals the pictures of one recording or one case; itself wrapped by the master key."""

    __tablename__ = "data_key"
    __table_args__ = (
        UniqueConstraint("recording_id"),
        UniqueConstraint("case_id"),
        CheckConstraint("(recording_id is null) <> (case_id is null)", name="one_owner"),
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    recording_id: int | None = Field(default=None, foreign_key="recording.id", ondelete="CASCADE")
    case_id: int | None = Field(default=None, foreign_key="case.id", ondelete="CASCADE")
    wrapped: bytes = Field(repr=False)
    master: str
    """The beginning of the master key's sha256, to notice another one."""


class Cause(StrEnum):
    """Why a person was compared anew with what is kept."""

    ADDED = "added"
    """A photo was added."""
    WITHDRAWN = "withdrawn"
    """A photo was withdrawn."""
    MODEL = "model"
    """Another engine is in use."""
    THRESHOLD = "threshold"
    """The same engine, with another threshold."""


class Rematch(Table, table=True):
    """One person compared anew with everything that is kept, for a reason."""

    __table_args__ = _IDS_NEVER_REUSED
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE", index=True)
    engine: str
    cause: Cause = Field(sa_type=_names(Cause))
    actor: str
    """Who gave the reason: `uid:N`, `account:N` or `worker`."""
    asked_at: datetime
    done_at: datetime | None = None
    """None as long as it was not compared; what follows is filled in then."""
    weights_sha256: str | None = None
    photos_sha256: str | None = None
    """One hash over the photos that were compared."""
    photos: int | None = None
    appearances: int | None = None
    """How many appearances they were compared with."""
    threshold: float | None = None


class CandidateChange(Table, table=True):
    """What became of one candidate in a rematch; nothing before is new, nothing after is gone."""

    __tablename__ = "candidate_change"
    __table_args__ = (
        UniqueConstraint("rematch_id", "appearance_id"),
        _IDS_NEVER_REUSED,
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


class FaceGroup(Table, table=True):
    """Appearances in a case's own footage that may be one person; it has no name."""

    __tablename__ = "face_group"
    __table_args__ = (_IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", index=True)
    engine: str
    person_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", index=True
    )
    """Whom a person has made of it."""
    made_at: datetime


class GroupMember(Table, table=True):
    """An appearance in a group."""

    __tablename__ = "group_member"
    group_id: int = Field(foreign_key="face_group.id", ondelete="CASCADE", primary_key=True)
    appearance_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )


class GroupRule(Table, table=True):
    """What a person said of two appearances, for all groupings of a case to come."""

    __tablename__ = "group_rule"
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", primary_key=True)
    first_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    second_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )
    """The higher of the two."""
    together: bool
    """Whether they belong together, or apart."""


class Refusal(Table, table=True):
    """A file of the watched folder that was refused, as it was then."""

    __table_args__ = _unique("path")
    id: int = Field(default=None, primary_key=True)
    path: bytes
    name: str
    size_bytes: int = Field(sa_type=BigInteger)
    modified_ns: int = Field(sa_type=BigInteger)
    reason: str
    refused_at: datetime


class Canary(Table, table=True):
    """When a task that does nothing else was last done from a queue: the queue is served."""

    queue: str = Field(primary_key=True)
    done_at: datetime


class Notice(Table, table=True):
    """Something people are told once."""

    __table_args__ = _unique("key")
    id: int = Field(default=None, primary_key=True)
    key: str
    """What it is about, e.g. one night: the same key is the same notice."""
    kind: str
    body: dict[str, Any] = Field(sa_type=JSON)
    created_at: datetime
    sent_at: datetime | None = None
    attempts: int = 0


class AuditEntry(Table, table=True):
    """One act in the audit log, chained to the one before by its hash; never changed."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "case_id", "id"),)
    id: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    """Its position: 1 for the first, and no number is left out."""
    at: datetime
    actor: str
    action: str
    case_id: int | None
    """No foreign key: the log outlives what it speaks of."""
    objects: str = Field(sa_type=Text)
    """Canonical JSON, as it was hashed."""
    hash: str


class AuditCheckpoint(Table, table=True):
    """How far the audit log had come at some time, signed; never changed."""

    __tablename__ = "audit_checkpoint"
    __table_args__ = (_IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    count: int = Field(sa_type=BigInteger)
    hash: str
    at: str
    """As it was signed."""
    public_key: str
    signature: str


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
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    account_id: int = Field(index=True)
    place: int
    """1 for whoever decided first, 2 for the other."""
    decision: Decision = Field(sa_type=_names(Decision))
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
        _IDS_NEVER_REUSED,
    )
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int
    account_id: int
    reason: str
    written_at: datetime


class Decoy(Table, table=True):
    """An appearance that is known not to show a person, put among the candidates on purpose."""

    __table_args__ = _unique("person_id", "appearance_id")
    id: int = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    appearance_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", index=True)
    reference_id: int = Field(foreign_key="reference.id", ondelete="CASCADE", index=True)
    distance: float
    threshold: float
    account_id: int
    """Who put it there."""
    reason: str
    """Why it is known that this is somebody else."""
    seeded_at: datetime


class Account(Table, table=True):
    """Someone who may log in."""

    __table_args__ = (UniqueConstraint("name"), UniqueConstraint("subject"), _IDS_NEVER_REUSED)
    id: int = Field(default=None, primary_key=True)
    name: str
    password_hash: str | None = Field(default=None, repr=False)
    """None for those who log in elsewhere."""
    must_change_password: bool = False
    roles: list[str] = Field(sa_type=JSON)
    subject: str | None = None
    """Issuer and subject of an OIDC provider."""
    created_at: datetime
    disabled_at: datetime | None = None


class WebSession(Table, table=True):
    """One browser that is logged in; the token itself is in its cookie only."""

    __tablename__ = "web_session"
    __table_args__ = _unique("token_sha256")
    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(repr=False)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    began_at: datetime
    used_at: datetime


class ApiToken(Table, table=True):
    """What a program shows instead of a password; the token itself is not kept."""

    __tablename__ = "api_token"
    __table_args__ = _unique("token_sha256")
    id: int = Field(default=None, primary_key=True)
    token_sha256: str = Field(repr=False)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    label: str
    roles: list[str] = Field(sa_type=JSON)
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


class Upload(Table, table=True):
    """A file that somebody hands in on the page."""

    id: str = Field(primary_key=True)
    account_id: int = Field(foreign_key="account.id", ondelete="CASCADE", index=True)
    case_id: int | None = Field(default=None, foreign_key="case.id", ondelete="SET NULL")
    name: str
    size_bytes: int = Field(sa_type=BigInteger)
    stage: str
    began_at: datetime
    touched_at: datetime
    recording_id: int | None = Field(
        default=None, foreign_key="recording.id", ondelete="SET NULL", index=True
    )
    analysis_id: int | None = Field(
        default=None, foreign_key="analysis.id", ondelete="SET NULL", index=True
    )
    known_before: bool = False
    reason: str | None = None
