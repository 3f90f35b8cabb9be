"""Candidates as those see them who work on a case, and what rematches changed."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from pipeline.judging.overview import Detail, Rated
from report.calibration import UNCALIBRATED, said
from review.api import links
from review.api.models.given import Box, Id, Sentence
from storage.results.changes import Change, Changes
from storage.results.rematches import Cause, Place, Rematch
from storage.results.verdicts import Decision, Standing, Verdict


class CandidateAnswer(BaseModel):
    """An appearance ranked for a person: for people to judge, and never more than that."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    appearance_id: int
    rank: int
    distance: float = Field(
        description="Smaller is closer; no number says how likely it is.", examples=[0.31]
    )
    threshold: float = Field(description="Of the engine.", examples=[0.4])
    standing: Standing = Field(description="What the verdicts come to.")
    recording_id: int
    recording: str = Field(examples=["gate 2.mp4"])
    recording_sha256: str
    start_ms: int
    end_ms: int
    best_ms: int = Field(description="When the face is clearest.")
    box: Box | None = Field(
        description="x, y, width, height at `best_ms`, in pixels; none where nobody said it.",
        examples=[[610.0, 204.0, 84.0, 112.0]],
    )
    faces: int = Field(description="In how many sampled pictures it was seen.")
    quality: float = Field(description="0 to 1.", examples=[0.74])
    reference_id: int = Field(description="The photo that came closest.")
    reference: str = Field(examples=["passport.jpg"])
    engine: str = Field(examples=["facenet512"])
    plan: str = Field(description="The key of the plan.", examples=["9f2c41d07b3e"])
    pictures: list[str] = Field(
        description="Paths of the pictures, the clearest first.",
        examples=[[f"{links.candidate(1, 1, 7)}/crops/0"]],
    )
    provenance: str = Field(
        description="Who cut the face and when it came, where it was imported; else empty.",
        examples=[""],
    )
    same_as_rank: int | None = Field(
        description="Rank of the candidate that shows the same moment already: in footage that was "
        "added earlier, or as it was watched where this one was imported.",
        examples=[None],
    )
    clip: str | None = Field(
        description="Path of the moment, others' faces hidden; none of a face that was imported.",
        examples=[f"{links.candidate(1, 1, 7)}/clip.mp4"],
    )

    @classmethod
    def of(cls, rated: Rated, case_id: int, same_as: int | None) -> "CandidateAnswer":
        row, standing = rated
        place = links.candidate(case_id, row.person_id, row.appearance_id)
        shown = {
            "standing": standing,
            "box": row.box if any(row.box) else None,
            "provenance": row.provenance,
            "same_as_rank": same_as,
            "pictures": [f"{place}/crops/{number}" for number in range(len(row.crops))],
            "clip": None if row.provenance else f"{place}/clip.mp4",
        }
        return cls(**asdict(row) | shown)


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
        return cls(
            **CandidateAnswer.of(
                (found.row, found.standing), found.case.id, found.same_as
            ).model_dump(),
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


class ChangeAnswer(BaseModel):
    """What became of one candidate when a person was compared anew."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    run: int = Field(description="The latest that changed it.")
    kind: Literal["new", "gone", "moved"]
    appearance_id: int
    recording: str = Field(examples=["gate 2.mp4"])
    recording_sha256: str
    start_ms: int
    end_ms: int
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
            appearance_id=change.appearance_id,
            recording=change.recording,
            recording_sha256=change.recording_sha256,
            start_ms=change.start_ms,
            end_ms=change.end_ms,
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
