"""What a reviewer is shown, without distance, rank or other verdicts; and the verdict given."""

from datetime import datetime

from pydantic import BaseModel, Field

from pipeline.judging.looking import CaseToReview
from report.column import plain
from report.columns import SIGHT
from review.api import links
from review.api.models.columns import model_of
from storage.results.blind_views import BlindView, ShownReference
from storage.results.verdicts import Decision, Key


class CaseToReviewAnswer(BaseModel):
    """A case in force."""

    id: int
    reference: str = Field(examples=["2026-117"])
    purpose: str = Field(examples=["To find who saw the accident."])
    expires_at: datetime
    left: int = Field(description="Candidates awaiting your review.")

    @classmethod
    def of(cls, case: CaseToReview) -> "CaseToReviewAnswer":
        return cls(**{name: getattr(case, name) for name in cls.model_fields})


class ReferenceShown(BaseModel):
    """A usable photo of the person."""

    id: int
    quality: float = Field(description="0 to 1.", examples=[0.82])
    picture: str = Field(
        description="Path of the face.", examples=[f"{links.candidate(1, 1, 7)}/references/1"]
    )

    @classmethod
    def of(cls, one: ShownReference, place: str) -> "ReferenceShown":
        return cls(id=one.id, quality=one.quality, picture=f"{place}/references/{one.id}")


class SightAnswer(model_of(SIGHT)):  # type: ignore[misc]
    """A candidate as shown to a reviewer."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    below_floor: bool = Field(
        description="Low image quality: two `same` verdicts need a supervisor's reason."
    )
    pictures: list[str] = Field(
        description="Paths, clearest first.",
        examples=[[f"{links.candidate(1, 1, 7)}/crops/0"]],
    )
    references: list[ReferenceShown] = Field(description="Photos of the person, closest first.")
    clip: str | None = Field(
        description="Path of the clip, other faces hidden; null for an imported face.",
        examples=[f"{links.candidate(1, 1, 7)}/clip.mp4"],
    )
    shown: str = Field(
        description="A hash of these pictures, to be sent with the verdict.",
        examples=["0123456789abcdef"],
    )
    own_decision: Decision | None = Field(description="Your own verdict.", examples=[None])

    @classmethod
    def of(cls, view: BlindView, *, below_floor: bool, own: Decision | None) -> "SightAnswer":
        place = links.candidate(view.case_id, view.key.person_id, view.key.appearance_id)
        return cls(
            **plain(SIGHT, view),
            person_id=view.key.person_id,
            person=view.person,
            below_floor=below_floor,
            pictures=links.crops(place, view.seen),
            references=[ReferenceShown.of(one, place) for one in view.references],
            clip=links.clip(place, view.seen),
            shown=view.shown,
            own_decision=own,
        )


class NextAnswer(BaseModel):
    """The next candidate for a reviewer."""

    view: SightAnswer | None = Field(description="Null if no candidates are left.")
    left: int = Field(description="Candidates awaiting your review.")


class DecisionGiven(BaseModel):
    """A verdict."""

    decision: Decision
    shown: str = Field(
        "",
        description="The `shown` of the candidate under review: the verdict is refused if other "
        "pictures are shown now.",
    )


class Decided(BaseModel):
    """A verdict given or undone."""

    person_id: int
    appearance_id: int
    decision: Decision

    @classmethod
    def of(cls, key: Key, decision: Decision) -> "Decided":
        return cls(person_id=key.person_id, appearance_id=key.appearance_id, decision=decision)
