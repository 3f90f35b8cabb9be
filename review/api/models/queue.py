"""The queue."""

from datetime import datetime

from pydantic import BaseModel, Field

from review.queue import QueueState
from storage.tables import State


class QueueAnswer(BaseModel):
    """Queue counts and system health."""

    well: bool = Field(examples=[True])
    troubles: list[str] = Field(
        description="One sentence per problem.",
        examples=[["No worker has been heard of for 10 minutes."]],
    )
    segments: dict[State, int] = Field(
        description="Number in each state.", examples=[{"waiting": 12, "done": 48}]
    )
    recordings: dict[State, int] = Field(examples=[{"running": 1, "done": 3}])
    footage_done_ms: int
    footage_remaining_ms: int
    workers: int = Field(description="Worker processes alive, on all machines.", examples=[4])
    speed: float | None = Field(
        description="Multiple of real time, measured recently.", examples=[2.1]
    )
    expected_end: datetime | None

    @classmethod
    def of(cls, state: QueueState) -> "QueueAnswer":
        health = state.snapshot.health
        return cls(
            well=health.well,
            troubles=[trouble.sentence for trouble in health.troubles],
            segments=state.snapshot.vitals.segments,
            recordings=state.totals.states,
            footage_done_ms=state.totals.done_ms,
            footage_remaining_ms=state.totals.remaining_ms,
            workers=state.workers,
            speed=state.speed,
            expected_end=state.end,
        )
