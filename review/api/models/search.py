"""What a search by photo found, and what it covered."""

from dataclasses import asdict

from pydantic import BaseModel, Field

from pipeline.people.search import Answer
from report.calibration import UNCALIBRATED, said
from review.api import links
from review.api.models.given import Box
from review.api.models.people import JudgedAnswer
from storage.results.reach import Extent, Reach, Unsearched
from storage.results.search import Hit


class HitAnswer(BaseModel):
    """An appearance that came close: a candidate, for people to judge."""

    appearance_id: int
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
    distance: float = Field(
        description="Smaller is closer; no number says how likely it is.", examples=[0.31]
    )
    provenance: str = Field(
        description="Who cut the face and when it came, where it was imported; else empty.",
        examples=[""],
    )
    photo: str = Field(description="The photo that came closest.", examples=["passport.jpg"])
    plan: str = Field(description="The key of the plan.", examples=["9f2c41d07b3e"])
    pictures: list[str] = Field(
        description="Paths of the pictures, the clearest first.",
        examples=[[links.found(1, 7, 0)]],
    )

    @classmethod
    def of(cls, hit: Hit, answer: Answer) -> "HitAnswer":
        places = range(len(hit.crops))
        shown = {
            "box": hit.box if any(hit.box) else None,
            "provenance": hit.provenance,
            "photo": answer.portraits[hit.photo].name,
            "pictures": [links.found(answer.case_id, hit.appearance_id, one) for one in places],
        }
        return cls(**asdict(hit) | shown)


class ExtentAnswer(BaseModel):
    """How many recordings, and how long they are together."""

    recordings: int
    duration_ms: int

    @classmethod
    def of(cls, extent: Extent) -> "ExtentAnswer":
        return cls(**asdict(extent))


class ReachAnswer(BaseModel):
    """Every recording of the archive is either searched or counted under one reason."""

    searched: ExtentAnswer
    gaps_ms: int = Field(description="How much of what was searched could not be looked at.")
    not_searched: dict[Unsearched, ExtentAnswer] = Field(
        description="By reason.",
        examples=[{"outside the case": {"recordings": 3, "duration_ms": 5400000}}],
    )

    @classmethod
    def of(cls, reach: Reach) -> "ReachAnswer":
        missed = {why: ExtentAnswer.of(one) for why, one in reach.not_searched.items()}
        searched = ExtentAnswer.of(reach.searched)
        return cls(searched=searched, gaps_ms=reach.gaps_ms, not_searched=missed)


class SearchAnswer(BaseModel):
    """What came close, the closest first, and what was looked at. None of it is kept."""

    engine: str = Field(examples=["facenet512"])
    threshold: float = Field(examples=[0.4])
    calibration: str = Field(
        description="What distances mean in this footage, as measured.", examples=[UNCALIBRATED]
    )
    photos: list[JudgedAnswer]
    own_only: bool = Field(
        description="Whether nothing but the footage was searched that was added for the case."
    )
    hits: list[HitAnswer]
    cut_off: bool = Field(description="Whether more came close than `limit` lets through.")
    reach: ReachAnswer

    @classmethod
    def of(cls, answer: Answer) -> "SearchAnswer":
        return cls(
            engine=answer.card.name,
            threshold=answer.card.threshold,
            calibration=said(answer.calibration),
            photos=[JudgedAnswer.of(one) for one in answer.portraits],
            own_only=answer.own_only,
            hits=[HitAnswer.of(one, answer) for one in answer.hits],
            cut_off=answer.cut_off,
            reach=ReachAnswer.of(answer.reach),
        )
