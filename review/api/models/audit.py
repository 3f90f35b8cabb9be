"""The audit log."""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, Field

from pipeline.governance.audit import Examined
from storage.access.chain import Entry
from storage.access.checkpoints import Checkpoint
from storage.access.search_counts import SearchCount


class EntryAnswer(BaseModel):
    """One act in the audit log."""

    position: int
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    actor: str = Field(
        description="`account:N`, `token:N`, `uid:N` of the machine, `worker` or `anonymous`.",
        examples=["token:4"],
    )
    account: str | None = Field(
        description="The name of that account, or of the one that the token acts for.",
        examples=["k.brandt"],
    )
    action: str = Field(examples=["verdict_given"])
    case_id: int | None
    objects: str = Field(
        description="Canonical JSON of ids, digests, codes and numbers.",
        examples=['{"appearance_id":7,"decision":"same","person_id":1}'],
    )
    hash: str = Field(description="Over this entry and the hash of the one before.")

    @classmethod
    def of(cls, entry: Entry, names: Mapping[str, str]) -> "EntryAnswer":
        return cls(**asdict(entry), account=names.get(entry.actor))


class AuditAnswer(BaseModel):
    """Entries of the audit log, the newest first."""

    entries: list[EntryAnswer]
    next: str | None = Field(description="The cursor of older ones.", examples=["-901"])


class SearchesAnswer(BaseModel):
    """How often somebody searched lately, beside what is usual for them."""

    actor: str = Field(examples=["token:4"])
    account: str | None = Field(examples=["k.brandt"])
    lately: int = Field(description="In the last seven days.")
    usual: float = Field(description="A week, in the four weeks before.")
    is_unusual: bool = Field(description="Whether these are many, and far more than usual.")

    @classmethod
    def of(cls, one: SearchCount, names: Mapping[str, str]) -> "SearchesAnswer":
        known = {"account": names.get(one.actor), "is_unusual": one.is_unusual}
        return cls(**asdict(one) | known)


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
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    public_key: str = Field(description="Ed25519, 64 hex digits.")
    signature: str = Field(description="Over the other four as canonical JSON.")

    @classmethod
    def of(cls, made: Checkpoint) -> "CheckpointAnswer":
        return cls(**{name: getattr(made, name) for name in cls.model_fields})
