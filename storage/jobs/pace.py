"""The input of a forecast: how fast footage was processed recently, and what remains."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, update
from sqlmodel import Session, col, select

from storage.jobs.states import OPEN, is_footage
from storage.tables import Analysis, Plan, Priority, Recording, Segment, State

NEWEST = 500
"""About a night's work of a small machine; older segments may be from a different machine."""


@dataclass(frozen=True, slots=True)
class WatchedSegment:
    """One segment that is done: its footage, and how long one process took."""

    plan_key: str
    plan_body: str
    width: int
    height: int
    footage_ms: int
    work_seconds: float


@dataclass(frozen=True, slots=True)
class RemainingWork:
    """The remaining work of one analysis."""

    analysis_id: int
    name: str
    plan_key: str
    plan_body: str
    width: int
    height: int
    footage_ms: int
    """Footage in segments that are queued or being processed."""
    any_time: bool
    paused: bool
    due_at: datetime | None


def watched_lately(session: Session, newest: int = NEWEST) -> list[WatchedSegment]:
    """The `newest` most recently done segments of footage, newest first."""
    statement = (
        select(Segment, Recording, Plan)
        .join(Analysis, col(Segment.analysis_id) == Analysis.id)
        .join(Recording)
        .join(Plan)
        .where(
            is_footage(),
            col(Segment.state) == State.DONE,
            col(Segment.started_at).is_not(None),
        )
        .order_by(col(Segment.finished_at).desc(), col(Segment.id).desc())
        .limit(newest)
    )
    return [
        WatchedSegment(
            plan_key=plan.key,
            plan_body=plan.body,
            width=recording.width,
            height=recording.height,
            footage_ms=segment.end_ms - segment.start_ms,
            work_seconds=_work_seconds(segment),
        )
        for segment, recording, plan in session.exec(statement)
    ]


def remaining_work(session: Session) -> list[RemainingWork]:
    """Analyses of footage with work left, in the order workers will process them."""
    footage_ms = func.sum(col(Segment.end_ms) - col(Segment.start_ms))
    left = (
        select(col(Segment.analysis_id), footage_ms.label("footage_ms"))
        .where(col(Segment.state).in_(OPEN))
        .group_by(col(Segment.analysis_id))
        .subquery()
    )
    statement = (
        select(Analysis, Recording, Plan.body, left.c.footage_ms)
        .join(left, left.c.analysis_id == Analysis.id)
        .join(Recording, col(Analysis.recording_id) == Recording.id)
        .join(Plan, col(Analysis.plan_key) == Plan.key)
        .where(is_footage())
        .order_by(case((col(Analysis.priority) == Priority.URGENT, 0), else_=1), col(Analysis.id))
    )
    return [
        RemainingWork(
            analysis_id=analysis.id,
            name=recording.name,
            plan_key=analysis.plan_key,
            plan_body=body,
            width=recording.width,
            height=recording.height,
            footage_ms=int(footage_ms),
            any_time=analysis.any_time,
            paused=analysis.paused_at is not None,
            due_at=analysis.due_at,
        )
        for analysis, recording, body, footage_ms in session.exec(statement)
    ]


def set_due(session: Session, analysis_ids: Collection[int], due_at: datetime) -> None:
    """Set the deadline of these analyses; those that have ended are left as they are."""
    open_ones = col(Analysis.id).in_(analysis_ids), col(Analysis.state).in_(OPEN)
    session.exec(update(Analysis).where(*open_ones).values(due_at=due_at))


def _work_seconds(done: Segment) -> float:
    assert done.started_at is not None
    assert done.finished_at is not None
    return (done.finished_at - done.started_at).total_seconds()
