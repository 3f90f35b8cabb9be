"""The audit log."""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import BaseModel, Field

from pipeline.governance.audit import Examined
from storage.access.chain import Entry
from storage.access.checkpoints import Checkpoint
from storage.access.search_counts import SearchCount


class EntryAnswer(BaseModel):
    """One entry of the audit log."""

    position: int
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    actor: str = Field(
        description="`account:N`, `token:N`, `uid:N` of the machine, `worker` or `anonymous`.",
        examples=["token:4"],
    )
    account: str | None = Field(
        description="Name of the account, or of the one the token acts for.",
        examples=["k.brandt"],
    )
    action: str = Field(examples=["verdict_given"])
    case_id: int | None
    objects: str = Field(
        description="Canonical JSON of ids, digests, codes and numbers.",
        examples=['{"appearance_id":7,"decision":"same","person_id":1}'],
    )
    hash: str = Field(description="Hash over this entry and the previous hash.")

    @classmethod
    def of(cls, entry: Entry, names: Mapping[str, str]) -> "EntryAnswer":
        return cls(**asdict(entry), account=names.get(entry.actor))


class AuditAnswer(BaseModel):
    """Entries of the audit log, newest first."""

    entries: list[EntryAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["-901"])


class SearchesAnswer(BaseModel):
    """Recent searches of a user, and their usual number."""

    actor: str = Field(examples=["token:4"])
    account: str | None = Field(examples=["k.brandt"])
    lately: int = Field(description="In the last 7 days.")
    usual: float = Field(description="Weekly average of the four weeks before.")
    is_unusual: bool = Field(description="Whether there are many, and far more than usual.")

    @classmethod
    def of(cls, one: SearchCount, names: Mapping[str, str]) -> "SearchesAnswer":
        known = {"account": names.get(one.actor), "is_unusual": one.is_unusual}
        return cls(**asdict(one) | known)


class CheckedAnswer(BaseModel):
    """Result of verifying the audit log."""

    entries: int = Field(description="Entries verified, from the beginning.")
    checkpoints: int = Field(description="Stored checkpoints compared with the log.")
    broken_at: int | None = Field(description="Position of the first entry that fails.")
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
    """Signed checkpoint of the audit log, to be stored elsewhere."""

    count: int
    hash: str
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    public_key: str = Field(description="Ed25519, 64 hex digits.")
    signature: str = Field(description="Over the other four as canonical JSON.")

    @classmethod
    def of(cls, made: Checkpoint) -> "CheckpointAnswer":
        return cls(**{name: getattr(made, name) for name in cls.model_fields})
