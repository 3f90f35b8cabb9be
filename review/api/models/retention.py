"""What is kept, and what was erased."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.governance.certificates import as_document
from pipeline.governance.purge import Certificate, Retention
from review.retention import Kept, Purge
from storage.cases.cases import Case


class EndedAnswer(BaseModel):
    """A case that has ended and is still kept."""

    id: int
    reference: str = Field(examples=["2026-117"])
    ended_at: datetime

    @classmethod
    def of(cls, case: Case, ended_at: datetime) -> "EndedAnswer":
        return cls(id=case.id, reference=case.reference, ended_at=ended_at)


class PurgeAnswer(BaseModel):
    """Something that was erased."""

    entry: int = Field(description="Of the audit log.")
    at: str = Field(description="UTC, ISO 8601.", examples=["2026-11-25T21:40:12.000000Z"])
    actor: str = Field(examples=["account:3"])
    rows: dict[str, int] = Field(
        description="How many of each kind.", examples=[{"person": 1, "candidate": 12}]
    )

    @classmethod
    def of(cls, purge: Purge) -> "PurgeAnswer":
        return cls(**asdict(purge))


class RetentionAnswer(BaseModel):
    """What is kept for how long, what is due, and what was erased."""

    bystander_days: int = Field(
        description="How long people are kept who are nobody's candidates; 0 is for good."
    )
    case_days: int = Field(description="How long cases are kept that have ended; 0 is for good.")
    bystanders_due: int = Field(description="Appearances that were kept for longer than that.")
    ended: list[EndedAnswer]
    going_on: int = Field(description="How many cases go on.")
    purges: list[PurgeAnswer] = Field(description="The newest fifty.")

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
    """What was erased, and what looking for it afterwards brought."""

    audit_entry: int
    at: datetime
    actor: str = Field(examples=["token:4"])
    erased: str = Field(examples=["case 7"])
    rows: dict[str, int] = Field(
        description="How many of each kind.", examples=[{"person": 1, "candidate": 12}]
    )
    pictures: int
    footage_files: int = Field(description="Uploaded recordings that were removed.")
    proven: bool = Field(
        examples=[True], description="Whether all files could be read and nothing was found."
    )
    looked_for: int = Field(description="How many pieces of it.")
    in_files: int
    in_bytes: int
    unreadable_files: int
    found_in: list[str] = Field(examples=[[]])
    not_erased: list[str] = Field(
        description="What is not erased by this.",
        examples=[["Copies of the database that were made before are not erased."]],
    )

    @classmethod
    def of(cls, certificate: Certificate) -> "CertificateAnswer":
        return cls(**as_document(certificate))
