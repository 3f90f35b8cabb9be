"""Results of the last hours: which analyses ended, which have gaps, and totals."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import Session, col, select

from storage.jobs.states import OPEN, is_footage
from storage.tables import Analysis, Recording, Segment, State


@dataclass(frozen=True, slots=True)
class Totals:
    """Totals over the whole archive."""

    states: dict[State, int]
    """Number of analyses by state; states without any are missing."""
    done_ms: int
    """Footage in segments that are done or quarantined."""
    remaining_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """An analysis that has ended."""

    analysis_id: int
    name: str
    state: State
    duration_ms: int
    due_at: datetime | None
    finished_at: datetime


def totals(session: Session) -> Totals:
    """Count analyses by state and add up their footage."""
    counted = select(Analysis.state, func.count()).where(is_footage())
    counted = counted.group_by(col(Analysis.state))
    states = session.exec(counted.order_by(func.min(col(Analysis.id)))).all()
    length = func.sum(col(Segment.end_ms) - col(Segment.start_ms))
    by_state = select(Segment.state, length).join(Analysis).where(is_footage())
    added = session.exec(by_state.group_by(col(Segment.state))).all()
    footage = {state: int(ms) for state, ms in added}
    return Totals(
        states={State(state): number for state, number in states},
        done_ms=footage.get(State.DONE, 0) + footage.get(State.QUARANTINED, 0),
        remaining_ms=sum(footage.get(state, 0) for state in OPEN),
    )


def ended_since(session: Session, since: datetime) -> list[Ended]:
    """Analyses that ended at `since` or later, also cancelled ones, in the order they ended."""
    statement = (
        select(Analysis, Recording)
        .join(Recording)
        .where(is_footage(), col(Analysis.finished_at) >= since)
        .order_by(col(Analysis.finished_at), col(Analysis.id))
    )
    return [
        Ended(
            analysis_id=analysis.id,
            name=recording.name,
            state=analysis.state,
            duration_ms=recording.duration_ms,
            due_at=analysis.due_at,
            finished_at=analysis.finished_at,
        )
        for analysis, recording in session.exec(statement)
        if analysis.finished_at is not None
    ]


def watched_ms_since(session: Session, since: datetime) -> int:
    """Milliseconds of footage in segments done at `since` or later, also of unfinished jobs."""
    return _watched_ms(session, col(Segment.finished_at) >= since)


def watched_ms_between(session: Session, since: datetime, until: datetime) -> int:
    """Milliseconds of footage in segments done at `since` or later and before `until`."""
    ended = col(Segment.finished_at)
    return _watched_ms(session, and_(ended >= since, ended < until))


def _watched_ms(session: Session, when: ColumnElement[bool]) -> int:
    length = func.sum(col(Segment.end_ms) - col(Segment.start_ms))
    statement = select(length).join(Analysis)
    done = statement.where(col(Segment.state) == State.DONE, when, is_footage())
    return int(session.exec(done).one() or 0)


def with_gaps_since(session: Session, since: datetime) -> list[int]:
    """The ids of analyses that ended at `since` or later with gaps, or that are going to."""
    given_up = select(Segment.analysis_id).where(col(Segment.state) == State.QUARANTINED)
    open_ones = col(Analysis.state).in_([*OPEN, State.MATCHING])
    ended = col(Analysis.state).in_([State.GAPS, State.FAILED])
    statement = select(Analysis.id).where(
        or_(
            and_(ended, col(Analysis.finished_at) >= since),
            and_(open_ones, col(Analysis.id).in_(given_up)),
        )
    )
    return list(session.exec(statement.order_by(col(Analysis.id))))
