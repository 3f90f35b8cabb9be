"""What a night has come to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.states import ENDED
from storage.tables import Analysis, Segment, State


@dataclass(frozen=True, slots=True)
class Night:
    """What was done since a moment."""

    ended: dict[State, int]
    """Analyses that ended, by how they did; states without any are missing."""
    ended_at: datetime | None
    """When the last of them did."""
    watched_ms: int


def night_since(session: Session, since: datetime) -> Night:
    """Count it."""
    ended: Sequence[Any] = session.exec(
        select(Analysis.state, func.count(), func.max(Analysis.finished_at))
        .where(col(Analysis.state).in_(ENDED), col(Analysis.finished_at) > since)
        .group_by(col(Analysis.state))
    ).all()
    watched_ms = session.exec(
        select(func.sum(col(Segment.end_ms) - col(Segment.start_ms))).where(
            col(Segment.state) == State.DONE, col(Segment.finished_at) > since
        )
    ).one()
    return Night(
        ended={state: count for state, count, _ in ended},
        ended_at=max((moment for *_, moment in ended), default=None),
        watched_ms=int(watched_ms or 0),
    )
