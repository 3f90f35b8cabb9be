"""Candidates as those see them who work on a case, and what rematches changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, Field

from pipeline.judging.listed import Listed
from pipeline.judging.overview import Detail
from report.calibration import UNCALIBRATED, said
from report.column import plain
from report.columns import CANDIDATE, SEEN
from review.api import links
from review.api.models.columns import model_of
from review.api.models.given import Id, Sentence
from storage.results.changes import Change, Changes
from storage.results.rematches import Cause, Place, Rematch
from storage.results.verdicts import Decision, Verdict


class CandidateAnswer(model_of(CANDIDATE)):  # type: ignore[misc]
    """An appearance ranked for a person: for people to judge, and never more than that."""

    pictures: list[str] = Field(
        description="Paths of the pictures, the clearest first.",
        examples=[[f"{links.candidate(1, 1, 7)}/crops/0"]],
    )
    clip: str | None = Field(
        description="Path of the moment, others' faces hidden; none of a face that was imported.",
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
    """Some candidates, by person and rank."""

    candidates: list[CandidateAnswer]
    left_out: dict[str, int] = Field(
        description="How many appearances are no candidates, by person: pictures of theirs were "
        "cut from them.",
        examples=[{"Somebody in a red coat": 2}],
    )
    calibration: list[str] = Field(
        description="What their distances mean in this footage, as measured, by engine.",
        examples=[[UNCALIBRATED]],
    )
    next: str | None = Field(description="The cursor of more.", examples=["1.50.312"])


class GivenVerdict(BaseModel):
    """What a reviewer decided."""

    account_id: int
    decision: Decision
    decided_at: datetime

    @classmethod
    def of(cls, verdict: Verdict) -> "GivenVerdict":
        return cls(**{name: getattr(verdict, name) for name in cls.model_fields})


class DetailAnswer(CandidateAnswer):
    """A candidate with all that is known of it."""

    verdicts: list[GivenVerdict] = Field(
        description="Both, or none: one alone is told to nobody before there is a second."
    )
    calibration: str = Field(
        description="What its distance means in this footage, as measured.",
        examples=[UNCALIBRATED],
    )
    override: str | None = Field(
        description="Why verdicts on poor pictures count.", examples=["The scar is clear."]
    )

    @classmethod
    def over(cls, found: Detail) -> "DetailAnswer":
        final = found.verdicts if len(found.verdicts) == 2 else []
        return cls.of(
            found.listed,
            found.case.id,
            verdicts=[GivenVerdict.of(one) for one in final],
            calibration=said(found.calibration),
            override=found.override,
        )


class ReasonGiven(BaseModel):
    """Why verdicts count on pictures below the floor of quality."""

    reason: Sentence = Field(examples=["The scar is clear in three of the pictures."])


class DecoysGiven(BaseModel):
    """Known strangers, to be put among the candidates."""

    recording_id: Id = Field(description="It shows nobody whom the case looks for.")
    reason: Sentence = Field(
        description="How that is known.", examples=["Filmed in 1998, before they were born."]
    )
    number: int = Field(5, ge=1, le=100, description="At most so many for each person.")


class DecoysAnswer(BaseModel):
    """How many decoys came, or went."""

    decoys: int


class PlaceAnswer(BaseModel):
    """Where a candidate stood, or stands."""

    rank: int
    distance: float
    reference: str | None = Field(description="The photo's name, where it is known.")

    @classmethod
    def of(cls, place: Place | None, photo: str | None) -> "PlaceAnswer | None":
        if place is None:
            return None
        return cls(rank=place.rank, distance=place.distance, reference=photo)


class ChangeAnswer(model_of(SEEN)):  # type: ignore[misc]
    """What became of one candidate when a person was compared anew."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    run: int = Field(description="The latest that changed it.")
    kind: Literal["new", "gone", "moved"]
    before: PlaceAnswer | None
    after: PlaceAnswer | None
    look_again: bool = Field(description="Whether somebody had decided on it.")

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
    """One person compared anew with all that is kept."""

    id: int
    person_id: int
    engine: str = Field(examples=["facenet512"])
    cause: Cause
    actor: str = Field(examples=["account:3"])
    asked_at: datetime
    done_at: datetime | None
    photos: int | None = Field(description="How many were compared.")
    appearances: int | None = Field(description="With how many.")
    threshold: float | None = Field(examples=[0.4])

    @classmethod
    def of(cls, run: Rematch) -> "RunAnswer":
        return cls(**{name: getattr(run, name) for name in cls.model_fields})


class ChangesAnswer(BaseModel):
    """What rematches changed; new ones first, then what is gone, each by person and rank."""

    runs: list[RunAnswer]
    look_again: int = Field(description="In how many changes, of all pieces, that is so.")
    changes: list[ChangeAnswer]
    next: str | None = Field(description="The cursor of more.", examples=["1.0.50.312"])

    @classmethod
    def of(cls, found: Changes, shown: Sequence[Change], next: str | None) -> "ChangesAnswer":
        return cls(
            runs=[RunAnswer.of(one) for one in found.rematches],
            look_again=sum(one.look_again for one in found.changes),
            changes=[ChangeAnswer.of(one) for one in shown],
            next=next,
        )
