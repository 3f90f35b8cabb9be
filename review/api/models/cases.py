"""Cases: their terms and their state."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from pipeline.governance.cases import Terms
from pipeline.judging.overview import Overview
from pipeline.names import shown
from review.api.models.compared import ComparedAnswer
from review.api.models.given import Moment, Remark, Sentence, Words
from storage.cases.case_terms import Change
from storage.cases.cases import EVER, Case
from storage.cases.legal_bases import LegalBasis
from storage.cases.sources import ADDED
from storage.results.decoys import Alarms
from storage.results.verdicts import Standing

Sources = Annotated[
    list[Words],
    Field(
        min_length=1,
        max_length=50,
        description="Footage sources: folders (`station`: every folder of that name, "
        "`/footage/station`: that one), `added` for footage added for the case, `*` for the "
        "whole archive.",
    ),
]


class BasisAnswer(BaseModel):
    """A permitted legal basis."""

    code: str = Field(examples=["witness-search"])
    sentence: str = Field(examples=["To find a witness of an offence."])
    needs_authorisation: bool

    @classmethod
    def of(cls, basis: LegalBasis) -> "BasisAnswer":
        return cls(**asdict(basis))


class AuthorisationGiven(BaseModel):
    """An external authorisation."""

    reference: Words = Field(examples=["AG 14 Gs 220/26"])
    authority: Words = Field(description="Authorised by.", examples=["Local court"])
    at: Moment | None = Field(None, description="Time of authorisation; default: now.")


class ReferenceGiven(BaseModel):
    """The case reference, repeated to confirm."""

    reference: Words = Field(examples=["2026-117"])


class CaseGiven(BaseModel):
    """Terms of a new case."""

    reference: Words = Field(examples=["2026-117"])
    legal_basis: Words = Field(
        description="A code of `/api/v1/legal-bases`.", examples=["witness-search"]
    )
    basis_note: Remark = Field("", description="More on the legal basis.")
    purpose: Sentence = Field(examples=["To find who saw the accident."])
    requested_by: Words = Field(description="Requested by.", examples=["K. Brandt"])
    expires_at: Moment = Field(examples=["2026-12-25T00:00:00Z"])
    sources: Sources = Field([ADDED], examples=[["added"]])
    footage_from: Moment = Field(EVER[0], description="Only footage recorded from this time on.")
    footage_until: Moment = Field(EVER[1], description="Only footage recorded before this time.")
    urgent: bool = Field(
        False, description="Start now; locks after 48 hours without authorisation."
    )
    allows_grouping: bool = Field(
        False, description="Whether grouping of unknown faces is allowed."
    )
    authorisation: AuthorisationGiven | None = Field(
        None, description="If the legal basis requires one and it has been given."
    )

    def terms(self) -> Terms:
        named = {name: getattr(self, name) for name in Terms.__slots__}
        return Terms(**named)


class CaseChangeGiven(BaseModel):
    """Changes to a case; omitted or null fields stay as they are."""

    model_config = ConfigDict(extra="forbid")

    sources: Sources | None = Field(None, examples=[["added", "/footage/station"]])
    footage_from: Moment | None = Field(
        None, description="Only footage recorded from this time on."
    )
    footage_until: Moment | None = Field(
        None, description="Only footage recorded before this time."
    )
    expires_at: Moment | None = Field(None, examples=["2026-12-31T00:00:00Z"])

    def change(self) -> Change:
        return Change(**self.model_dump())


class CaseAnswer(BaseModel):
    """A case: what authorises a search."""

    id: int
    reference: str = Field(examples=["2026-117"])
    in_force: bool = Field(examples=[True], description="Whether searches are allowed now.")
    locked: bool = Field(description="Whether it is locked until authorised.")
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
        sources = {"sources": [shown(source) for source in case.sources]}
        return cls(**asdict(case) | sources | state)


class CasesAnswer(BaseModel):
    """A page of cases, newest first."""

    cases: list[CaseAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["-12"])


class AlarmsAnswer(BaseModel):
    """How often a reviewer gave `same` on a known non-match."""

    account_id: int
    same: int
    decoys: int

    @classmethod
    def of(cls, alarms: Alarms) -> "AlarmsAnswer":
        return cls(**asdict(alarms))


class OverviewAnswer(CaseAnswer):
    """A case with its results in numbers."""

    people: int = Field(description="Number of persons of interest.")
    recordings: int = Field(description="Recordings added for it, by plan.")
    candidates: int = Field(description="Number of candidates, without those in `to_review`.")
    to_review: int = Field(
        description="Candidates that you have yet to review; nothing else is said of them."
    )
    review_statuses: dict[Standing, int] = Field(
        description="Number of candidates by review status.", examples=[{"open": 4, "supported": 1}]
    )
    is_underway: bool = Field(
        description="Whether footage is still being processed or persons are still being compared."
    )
    alarms: list[AlarmsAnswer] = Field(description="Results of the reviewer quality check.")
    compared: list[ComparedAnswer]

    @classmethod
    def over(cls, found: Overview, now: datetime) -> "OverviewAnswer":
        return cls(
            **CaseAnswer.of(found.case, now).model_dump(),
            people=len(found.people),
            recordings=len(found.footage),
            candidates=found.candidates,
            to_review=found.to_review,
            review_statuses={one: number for one, number in found.standings.items() if number},
            is_underway=found.is_underway,
            alarms=[AlarmsAnswer.of(one) for one in found.alarms],
            compared=[ComparedAnswer.over(answer) for answer in found.compared],
        )
