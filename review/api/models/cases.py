"""Cases: what they are opened on, and how they stand."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.governance.cases import Terms
from pipeline.judging.overview import Overview
from review.api.models.given import Moment, Remark, Sentence, Words
from storage.cases.case_terms import Change
from storage.cases.cases import EVER, Case
from storage.cases.legal_bases import LegalBasis
from storage.cases.scope import ADDED
from storage.results.decoys import Alarms
from storage.results.verdicts import Standing

Sources = Annotated[
    list[Words],
    Field(
        min_length=1,
        max_length=50,
        description="Where its footage is from: parts of the name or path of recordings, `added` "
        "for what is added for the case, `*` for the whole archive.",
    ),
]


class BasisAnswer(BaseModel):
    """What may allow a search here."""

    code: str = Field(examples=["witness-search"])
    sentence: str = Field(examples=["To find a witness of an offence."])
    needs_authorisation: bool

    @classmethod
    def of(cls, basis: LegalBasis) -> "BasisAnswer":
        return cls(**asdict(basis))


class AuthorisationGiven(BaseModel):
    """Somebody outside has allowed a search."""

    reference: Words = Field(examples=["AG 14 Gs 220/26"])
    authority: Words = Field(description="Who gave it.", examples=["Local court"])
    at: Moment | None = Field(None, description="When; now if it is left out.")


class ReferenceGiven(BaseModel):
    """The reference of the case again, since nothing can be had back."""

    reference: Words = Field(examples=["2026-117"])


class CaseGiven(BaseModel):
    """What a case is to be opened on."""

    reference: Words = Field(examples=["2026-117"])
    legal_basis: Words = Field(
        description="A code of `/api/v1/legal-bases`.", examples=["witness-search"]
    )
    basis_note: Remark = Field("", description="More on the legal basis.")
    purpose: Sentence = Field(examples=["To find who saw the accident."])
    requested_by: Words = Field(description="Who asks for it.", examples=["K. Brandt"])
    expires_at: Moment = Field(examples=["2026-12-25T00:00:00Z"])
    sources: Sources = Field([ADDED], examples=[["added"]])
    footage_from: Moment = Field(EVER[0], description="Only footage recorded since then.")
    footage_until: Moment = Field(EVER[1], description="Only footage recorded before then.")
    urgent: bool = Field(
        False, description="Begin without the authorisation it needs; locked after 48 hours."
    )
    allows_grouping: bool = Field(False, description="Whether unknown faces may be grouped.")
    authorisation: AuthorisationGiven | None = Field(
        None, description="Where the legal basis needs one and it was given already."
    )

    def terms(self) -> Terms:
        named = {name: getattr(self, name) for name in Terms.__slots__}
        return Terms(**named)


class CaseChangeGiven(BaseModel):
    """What of a case is to be changed; what is left out, or null, stays as it is."""

    model_config = ConfigDict(extra="forbid")

    sources: Sources | None = Field(None, examples=[["added", "/footage/station/"]])
    footage_from: Moment | None = Field(None, description="Only footage recorded since then.")
    footage_until: Moment | None = Field(None, description="Only footage recorded before then.")
    expires_at: Moment | None = Field(None, examples=["2026-12-31T00:00:00Z"])

    def change(self) -> Change:
        return Change(**self.model_dump())


class CaseAnswer(BaseModel):
    """What authorises a search."""

    id: int
    reference: str = Field(examples=["2026-117"])
    in_force: bool = Field(examples=[True], description="Whether it allows a search now.")
    locked: bool = Field(description="Whether it waits for its authorisation.")
    legal_basis: str = Field(examples=["witness-search"])
    basis_note: str = Field(examples=[""])
    purpose: str = Field(examples=["To find who saw the accident."])
    requested_by: str = Field(examples=["K. Brandt"])
    sources: list[str] = Field(examples=[["added"]])
    footage_from: datetime
    footage_until: datetime
    needs_authorisation: bool
    urgent: bool
    authorisation_reference: str | None = Field(examples=["AG 14 Gs 220/26"])
    authorised_by: str | None = Field(examples=["Local court"])
    authorised_at: datetime | None
    authorisation_refused_at: datetime | None
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    purged_at: datetime | None
    allows_grouping: bool

    @classmethod
    def of(cls, case: Case, now: datetime) -> "CaseAnswer":
        state = {"in_force": case.is_in_force(now), "locked": case.is_locked(now)}
        return cls(**asdict(case) | state)


class CasesAnswer(BaseModel):
    """Some cases, the newest first."""

    cases: list[CaseAnswer]
    next: str | None = Field(description="The cursor of older ones.", examples=["-12"])


class AlarmsAnswer(BaseModel):
    """How often a reviewer has said same of somebody who is known to be somebody else."""

    account_id: int
    same: int
    decoys: int

    @classmethod
    def of(cls, alarms: Alarms) -> "AlarmsAnswer":
        return cls(**asdict(alarms))


class OverviewAnswer(CaseAnswer):
    """A case, and what came of it in numbers."""

    people: int = Field(description="How many it looks for.")
    recordings: int = Field(description="How many were added for it, by plan.")
    candidates: int
    review_statuses: dict[Standing, int] = Field(
        description="How many candidates have which.", examples=[{"open": 4, "supported": 1}]
    )
    is_underway: bool = Field(
        description="Whether some of its footage is still to be watched, or somebody compared."
    )
    alarms: list[AlarmsAnswer] = Field(description="What the reviewers made of decoys.")

    @classmethod
    def over(cls, found: Overview, now: datetime) -> "OverviewAnswer":
        return cls(
            **CaseAnswer.of(found.case, now).model_dump(),
            people=len(found.people),
            recordings=len(found.footage),
            candidates=found.candidates,
            review_statuses={one: number for one, number in found.standings.items() if number},
            is_underway=found.is_underway,
            alarms=[AlarmsAnswer.of(one) for one in found.alarms],
        )
