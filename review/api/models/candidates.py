"""Candidates as shown to those who work on a case, and changes by rematches."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from pipeline.judging.changes import CaseChanges
from pipeline.judging.listed import Listed
from pipeline.judging.overview import Detail
from report.calibration import UNCALIBRATED, said
from report.column import plain
from report.columns import CANDIDATE, SEEN
from review.api import links
from review.api.models.columns import model_of
from review.api.models.compared import ComparedAnswer
from review.api.models.given import Id, Sentence
from storage.results.changes import Change
from storage.results.rematches import Cause, Place, Rematch
from storage.results.verdicts import Decision, Verdict


class CandidateAnswer(model_of(CANDIDATE)):  # type: ignore[misc]
    """An appearance ranked for a person, for human review."""

    pictures: list[str] = Field(
        description="Paths of the pictures, clearest first.",
        examples=[[f"{links.candidate(1, 1, 7)}/crops/0"]],
    )
    clip: str | None = Field(
        description="Path of the clip, other faces hidden; null for an imported face.",
        examples=[f"{links.candidate(1, 1, 7)}/clip.mp4"],
    )

    @classmethod
    def of(cls, listed: Listed, case_id: int, **more: Any) -> Self:
        key, seen = listed.row.key, listed.row.seen
        place = links.candidate(case_id, key.person_id, key.appearance_id)
        return cls(
            **plain(CANDIDATE, listed),
            pictures=links.crops(place, seen),
            clip=links.clip(place, seen),
            **more,
        )


class CandidatesAnswer(BaseModel):
    """A page of candidates, by person and rank."""

    candidates: list[CandidateAnswer]
    left_out: dict[str, int] = Field(
        description="Appearances not listed as candidates, by person: reference pictures were "
        "taken from them.",
        examples=[{"Somebody in a red coat": 2}],
    )
    to_review: int = Field(description="Candidates not listed because you have yet to review them.")
    calibration: list[str] = Field(
        description="Calibration for this footage, by engine.",
        examples=[[UNCALIBRATED]],
    )
    compared: list[ComparedAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["1.50.312"])


class GivenVerdict(BaseModel):
    """A reviewer's verdict."""

    account_id: int
    decision: Decision
    decided_at: datetime

    @classmethod
    def of(cls, verdict: Verdict) -> "GivenVerdict":
        return cls(**{name: getattr(verdict, name) for name in GivenVerdict.model_fields})


class EarlierVerdict(GivenVerdict):
    """A reviewer's verdict on another photo, picture or engine; it no longer counts."""

    engine: str = Field(examples=["dlib"])
    reference_id: int
    reference_sha256: str = Field(description="Of the photo that was shown; empty if not known.")
    reference: str = Field(description="Its name.", examples=["passport.jpg"])
    crop: str = Field(description="Name of the picture that was shown.")

    @classmethod
    def of(cls, verdict: Verdict) -> "EarlierVerdict":
        seen = verdict.seen
        return cls(
            **GivenVerdict.of(verdict).model_dump(),
            engine=seen.engine,
            reference_id=seen.reference_id,
            reference_sha256=seen.photo_sha256,
            reference=seen.photo_name,
            crop=seen.crop,
        )


class DetailAnswer(CandidateAnswer):
    """A candidate with all details."""

    verdicts: list[GivenVerdict] = Field(
        description="Both or none: a single verdict is not shown before there is a second."
    )
    earlier_verdicts: list[EarlierVerdict] = Field(
        description="Verdicts on another photo, picture or engine; they no longer count."
    )
    calibration: str = Field(
        description="Calibration for this footage.",
        examples=[UNCALIBRATED],
    )
    override: str | None = Field(
        description="Reason for accepting verdicts despite low image quality.",
        examples=["The scar is clear."],
    )

    @classmethod
    def over(cls, found: Detail) -> "DetailAnswer":
        final = found.verdicts if len(found.verdicts) == 2 else []
        return cls.of(
            found.listed,
            found.case.id,
            verdicts=[GivenVerdict.of(one) for one in final],
            earlier_verdicts=[EarlierVerdict.of(one) for one in found.earlier],
            calibration=said(found.calibration),
            override=found.override,
        )


class ReasonGiven(BaseModel):
    """Reason for accepting verdicts despite low image quality."""

    reason: Sentence = Field(examples=["The scar is clear in three of the pictures."])


class DecoysGiven(BaseModel):
    """Known non-matches to show among the candidates."""

    recording_id: Id = Field(description="It shows no person of interest.")
    reason: Sentence = Field(
        description="How that is known.", examples=["Filmed in 1998, before they were born."]
    )
    number: int = Field(5, ge=1, le=100, description="Maximum number per person.")


class DecoysAnswer(BaseModel):
    """Number of decoys added or removed."""

    decoys: int


class PlaceAnswer(BaseModel):
    """Rank of a candidate before or after."""

    rank: int
    distance: float
    reference: str | None = Field(description="The photo's name, if known.")

    @classmethod
    def of(cls, place: Place | None, photo: str | None) -> "PlaceAnswer | None":
        if place is None:
            return None
        return cls(rank=place.rank, distance=place.distance, reference=photo)


class ChangeAnswer(model_of(SEEN)):  # type: ignore[misc]
    """Change to one candidate when a person was compared again."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    run: int = Field(description="The latest comparison run that changed it.")
    kind: Literal["new", "gone", "moved"]
    before: PlaceAnswer | None
    after: PlaceAnswer | None
    look_again: bool = Field(description="Whether a verdict had been given.")

    @classmethod
    def of(cls, change: Change) -> "ChangeAnswer":
        return cls(
            person_id=change.person_id,
            person=change.person,
            run=change.rematch_id,
            kind=change.kind,
            **plain(SEEN, change.seen),
            before=PlaceAnswer.of(change.before, change.reference_before),
            after=PlaceAnswer.of(change.after, change.reference_after),
            look_again=change.look_again,
        )


class RunAnswer(BaseModel):
    """One repeated comparison of a person."""

    id: int
    person_id: int
    engine: str = Field(examples=["facenet512"])
    cause: Cause
    actor: str = Field(examples=["account:3"])
    asked_at: datetime
    done_at: datetime | None
    photos: int | None = Field(description="Number of photos compared.")
    appearances: int | None = Field(description="Number of appearances compared.")
    threshold: float | None = Field(examples=[0.4])

    @classmethod
    def of(cls, run: Rematch) -> "RunAnswer":
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class ChangesAnswer(BaseModel):
    """Changes by repeated comparisons: new first, then gone, each by person and rank."""

    runs: list[RunAnswer]
    look_again: int = Field(description="Number of changes, over all pages, that need re-review.")
    to_review: int = Field(
        description="Candidates that you have yet to review; changes to them are not listed."
    )
    changes: list[ChangeAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["1.0.50.312"])

    @classmethod
    def of(cls, viewed: CaseChanges, shown: Sequence[Change], next: str | None) -> "ChangesAnswer":
        return cls(
            runs=[RunAnswer.of(one) for one in viewed.changes.rematches],
            look_again=sum(one.look_again for one in viewed.changes.changes),
            to_review=viewed.to_review,
            changes=[ChangeAnswer.of(one) for one in shown],
            next=next,
        )
