"""What a search by photo found, and what it covered."""

from pydantic import BaseModel, Field

from pipeline.people.search import Answer, Hit
from report.calibration import UNCALIBRATED, said
from report.column import plain
from report.columns import HIT
from report.compared import sentence
from review.api import links
from review.api.models.columns import model_of
from review.api.models.compared import ExtentAnswer
from review.api.models.people import JudgedAnswer
from storage.results.compared import Compared
from storage.results.reach import Reach, Unsearched


class HitAnswer(model_of(HIT)):  # type: ignore[misc]
    """An appearance within the threshold: a candidate, for human review."""

    pictures: list[str] = Field(
        description="Paths of the pictures, clearest first.",
        examples=[[links.found(1, 7, 0)]],
    )

    @classmethod
    def of(cls, hit: Hit, case_id: int) -> "HitAnswer":
        places = range(len(hit.seen.crops))
        pictures = [links.found(case_id, hit.seen.appearance_id, one) for one in places]
        return cls(**plain(HIT, hit), pictures=pictures)


class ReachAnswer(BaseModel):
    """Each recording of the archive is either searched or counted under one reason."""

    searched: ExtentAnswer
    gaps_ms: int = Field(description="Duration of gaps in the searched footage.")
    not_searched: dict[Unsearched, ExtentAnswer] = Field(
        description="By reason.",
        examples=[{"outside the case": {"recordings": 3, "duration_ms": 5400000, "faces": 41}}],
    )

    @classmethod
    def of(cls, reach: Reach) -> "ReachAnswer":
        missed = {why: ExtentAnswer.of(one) for why, one in reach.not_searched.items()}
        searched = ExtentAnswer.of(reach.searched)
        return cls(searched=searched, gaps_ms=reach.gaps_ms, not_searched=missed)


class SearchAnswer(BaseModel):
    """Candidates, closest first, and the coverage of the search. Nothing is stored."""

    engine: str = Field(examples=["facenet512"])
    threshold: float = Field(examples=[0.4])
    calibration: str = Field(description="Calibration for this footage.", examples=[UNCALIBRATED])
    photos: list[JudgedAnswer]
    own_only: bool = Field(description="Whether only footage added for the case was searched.")
    hits: list[HitAnswer]
    to_review: int = Field(
        description="Appearances left out because you have yet to review them as candidates."
    )
    cut_off: bool = Field(description="Whether there are more within the threshold than `limit`.")
    compared: str = Field(
        description="What was compared, in words.",
        examples=["Compared with 41 of 41 faces in 3 of 3 recordings (1:30:00.0 of 1:30:00.0)."],
    )
    reach: ReachAnswer

    @classmethod
    def of(cls, answer: Answer) -> "SearchAnswer":
        return cls(
            engine=answer.card.name,
            threshold=answer.card.threshold,
            calibration=said(answer.calibration),
            photos=[JudgedAnswer.of(one) for one in answer.portraits],
            own_only=answer.own_only,
            hits=[HitAnswer.of(one, answer.case_id) for one in answer.hits],
            to_review=answer.to_review,
            cut_off=answer.cut_off,
            compared=sentence(Compared.of_search(answer.reach)),
            reach=ReachAnswer.of(answer.reach),
        )
