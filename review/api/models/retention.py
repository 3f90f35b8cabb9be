"""Retention and purges."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.governance.certificates import as_document
from pipeline.governance.purge import Certificate, Retention
from pipeline.governance.retention import Kept, Purge
from storage.cases.cases import Case


class EndedAnswer(BaseModel):
    """An ended case that is not yet purged."""

    id: int
    reference: str = Field(examples=["2026-117"])
    ended_at: datetime

    @classmethod
    def of(cls, case: Case, ended_at: datetime) -> "EndedAnswer":
        return cls(id=case.id, reference=case.reference, ended_at=ended_at)


class PurgeAnswer(BaseModel):
    """A past purge."""

    entry: int = Field(description="Of the audit log.")
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    actor: str = Field(examples=["account:3"])
    rows: dict[str, int] = Field(
        description="Rows deleted, by kind.", examples=[{"person": 1, "candidate": 12}]
    )

    @classmethod
    def of(cls, purge: Purge) -> "PurgeAnswer":
        return cls(**asdict(purge))


class RetentionAnswer(BaseModel):
    """Retention periods, data due for purging, and past purges."""

    bystander_days: int = Field(
        description="Days to keep faces that are not a candidate for anyone; 0: no limit."
    )
    case_days: int = Field(description="Days to keep ended cases; 0: no limit.")
    bystanders_due: int = Field(description="Appearances past that limit.")
    ended: list[EndedAnswer]
    going_on: int = Field(description="Number of open cases.")
    purges: list[PurgeAnswer] = Field(description="The latest 50.")

    @classmethod
    def of(cls, kept: Kept, rules: Retention) -> "RetentionAnswer":
        return cls(
            bystander_days=rules.bystander_days,
            case_days=rules.case_days,
            bystanders_due=kept.due,
            ended=[EndedAnswer.of(case, at) for case, at in kept.ended],
            going_on=kept.going_on,
            purges=[PurgeAnswer.of(one) for one in kept.purges],
        )


class CertificateAnswer(BaseModel):
    """Purge certificate: what was deleted and the result of the check afterwards."""

    audit_entry: int
    at: datetime
    actor: str = Field(examples=["token:4"])
    erased: str = Field(examples=["case 7"])
    rows: dict[str, int] = Field(
        description="Rows deleted, by kind.", examples=[{"person": 1, "candidate": 12}]
    )
    pictures: int
    footage_files: int = Field(description="Uploaded recordings that were removed.")
    proven: bool = Field(
        examples=[True], description="Whether all files could be read and no remnants were found."
    )
    looked_for: int = Field(description="Data patterns searched for.")
    in_files: int
    in_bytes: int
    unreadable_files: int
    found_in: list[str] = Field(examples=[[]])
    not_erased: list[str] = Field(
        description="What this purge does not cover.",
        examples=[["Copies of the database made earlier are not purged."]],
    )

    @classmethod
    def of(cls, certificate: Certificate) -> "CertificateAnswer":
        return cls(**as_document(certificate))
