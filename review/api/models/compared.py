"""What people were compared with, and what was left out and why."""

from dataclasses import asdict
from typing import Self

from pydantic import BaseModel, Field

from report.compared import sentence
from storage.results.compared import Compared
from storage.results.reach import Extent, Unsearched


class ExtentAnswer(BaseModel):
    """Number of recordings, their total duration, and the faces in them."""

    recordings: int
    duration_ms: int
    faces: int

    @classmethod
    def of(cls, extent: Extent) -> Self:
        return cls(**asdict(extent))


class ComparedAnswer(BaseModel):
    """What a person of interest was compared with. An absence means no more than this."""

    person_id: int
    person: str = Field(examples=["Witness A"])
    sentence: str = Field(
        description="The same in words.",
        examples=["Compared with 41 of 41 faces in 3 of 3 recordings (1:30:00.0 of 1:30:00.0)."],
    )
    complete: bool = Field(description="Whether nothing of the case's footage was left out.")
    compared: ExtentAnswer
    of: ExtentAnswer = Field(description="The footage that the case covers or may cover.")
    gaps_ms: int = Field(description="Duration of gaps in the compared footage.")
    left_out: dict[Unsearched, ExtentAnswer] = Field(
        description="By reason.",
        examples=[
            {"recording time unknown": {"recordings": 3, "duration_ms": 5400000, "faces": 41}}
        ],
    )

    @classmethod
    def over(cls, answer: Compared) -> Self:
        return cls(
            person_id=answer.person_id,
            person=answer.person,
            sentence=sentence(answer),
            complete=answer.is_complete,
            compared=ExtentAnswer.of(answer.compared),
            of=ExtentAnswer.of(answer.of),
            gaps_ms=answer.gaps_ms,
            left_out={why: ExtentAnswer.of(one) for why, one in answer.left_out.items()},
        )
