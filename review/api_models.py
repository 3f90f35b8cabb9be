"""What the API answers: every field with its meaning and unit."""

from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.audit import Examined
from review.queue import QueueState
from review.recordings import Coming, Shown
from review.visitors import Visitor
from storage.accounts import Role
from storage.cases import Case
from storage.chain import Entry
from storage.checkpoints import Checkpoint
from storage.tables import State
from storage.uploads import Stage


class Said(BaseModel):
    """Why something was not done."""

    detail: str = Field(description="One sentence: what is wrong and what to do.")


class Me(BaseModel):
    """Whom a token acts for."""

    account: str
    roles: list[Role] = Field(description="What the token may do.")

    @classmethod
    def of(cls, who: Visitor) -> "Me":
        return cls(account=who.name, roles=sorted(who.roles))


class RecordingAnswer(BaseModel):
    """A recording looked at under one plan."""

    id: int = Field(description="Of the job, as `nightreel jobs` has it.")
    recording_id: int
    name: str = Field(description="The file's name when it was first added.")
    sha256: str
    state: State
    duration_ms: int
    done_ms: int = Field(description="Footage in segments that were watched or given up.")
    total_ms: int
    expected: str = Field(description="When it is expected to be done, in words; may be empty.")
    decoded_ms: int
    sampled_frames: int
    faces: int
    appearances: int
    gaps: list[tuple[int, int]] = Field(
        description="From and to in milliseconds of what could not be looked at."
    )
    reasons: list[str] = Field(description="Why there are gaps.")

    @classmethod
    def of(cls, one: Shown) -> "RecordingAnswer":
        came, far = one.outcome, one.progress
        return cls(
            id=came.analysis_id,
            recording_id=came.recording_id,
            name=came.name,
            sha256=came.sha256,
            state=came.state,
            duration_ms=came.duration_ms,
            done_ms=far.done_ms,
            total_ms=far.total_ms,
            expected=one.expected,
            decoded_ms=came.decoded_ms,
            sampled_frames=came.sampled_frames,
            faces=came.faces,
            appearances=came.appearances,
            gaps=came.gaps,
            reasons=came.reasons,
        )


class RecordingsAnswer(BaseModel):
    """Some recordings, the newest first."""

    recordings: list[RecordingAnswer]
    more: bool = Field(description="Whether there are older ones.")


class UploadAnswer(BaseModel):
    """A file that somebody hands in."""

    id: str
    name: str
    size_bytes: int
    offset_bytes: int = Field(description="How many of them have come.")
    stage: Stage
    reason: str | None = Field(description="Why it was refused.")

    @classmethod
    def of(cls, one: Coming) -> "UploadAnswer":
        upload = one.upload
        return cls(
            id=upload.id,
            name=upload.name,
            size_bytes=upload.size_bytes,
            offset_bytes=one.offset,
            stage=upload.stage,
            reason=upload.reason,
        )


class CaseAnswer(BaseModel):
    """What authorises a search."""

    reference: str
    in_force: bool
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None

    @classmethod
    def of(cls, case: Case, now: datetime) -> "CaseAnswer":
        return cls(
            reference=case.reference,
            in_force=case.is_in_force(now),
            opened_at=case.opened_at,
            expires_at=case.expires_at,
            closed_at=case.closed_at,
        )


class QueueAnswer(BaseModel):
    """The ledger's numbers and the machine's health."""

    well: bool
    troubles: list[str] = Field(description="A sentence for each thing to look into.")
    segments: dict[State, int] = Field(description="How many stand in each state.")
    recordings: dict[State, int]
    footage_done_ms: int
    footage_remaining_ms: int
    workers: int
    speed: float | None = Field(description="Times real time, as measured lately.")
    expected_end: datetime | None

    @classmethod
    def of(cls, state: QueueState) -> "QueueAnswer":
        health = state.sight.health
        return cls(
            well=health.well,
            troubles=[trouble.sentence for trouble in health.troubles],
            segments=state.sight.vitals.segments,
            recordings=state.totals.states,
            footage_done_ms=state.totals.done_ms,
            footage_remaining_ms=state.totals.remaining_ms,
            workers=state.workers,
            speed=state.speed,
            expected_end=state.end,
        )


class EntryAnswer(BaseModel):
    """One act in the audit log."""

    position: int
    at: str = Field(description="UTC, ISO 8601.")
    actor: str
    action: str
    case_id: int | None
    objects: str = Field(description="Canonical JSON of ids, digests, codes and numbers.")
    hash: str

    @classmethod
    def of(cls, entry: Entry) -> "EntryAnswer":
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class AuditAnswer(BaseModel):
    """Entries of the audit log, the newest first."""

    entries: list[EntryAnswer]
    more: bool = Field(description="Whether there are older ones.")


class CheckedAnswer(BaseModel):
    """Whether the audit log is whole."""

    entries: int = Field(description="Those that follow from one another, from the beginning.")
    checkpoints: int = Field(description="Kept checkpoints that the log was held against.")
    broken_at: int | None = Field(description="Position of the first entry that does not follow.")
    reason: str | None

    @classmethod
    def of(cls, checked: Examined) -> "CheckedAnswer":
        broken = checked.broken
        return cls(
            entries=checked.entries,
            checkpoints=checked.checkpoints,
            broken_at=broken.position if broken else None,
            reason=broken.reason if broken else None,
        )


class CheckpointAnswer(BaseModel):
    """How far the audit log had come, signed; to be kept elsewhere."""

    count: int
    hash: str
    at: str = Field(description="UTC, ISO 8601.")
    public_key: str = Field(description="Ed25519, 64 hex digits.")
    signature: str = Field(description="Over the other four as canonical JSON.")

    @classmethod
    def of(cls, made: Checkpoint) -> "CheckpointAnswer":
        return cls(**{name: getattr(made, name) for name in cls.model_fields})
