"""Health figures of the ledger: counts, lengths and times, never a name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from storage.jobs import refusals
from storage.jobs.canaries import last_done
from storage.jobs.monitoring import monitoring
from storage.jobs.states import OPEN, OVER, is_footage, ran_out
from storage.jobs.workers import Fleet, fleet
from storage.tables import Analysis, Priority, Segment, State

RECENT = timedelta(hours=1)
_LENGTH_MS: Any = col(Segment.end_ms) - col(Segment.start_ms)


@dataclass(frozen=True, slots=True)
class RecentWork:
    """Work done within the last hour."""

    footage_ms: int
    work_seconds: float
    """Sum over all workers, from the start and end of each segment."""
    span_seconds: float
    """From the start of the first of these segments to the end of the last."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """The state of the ledger; paused analyses do not count as queued."""

    segments: dict[State, int]
    """By state; states without any segment are missing, here and below."""
    footage_ms: dict[State, int]
    """Length of the segments in each state."""
    analyses: dict[State, int]
    paused: int
    """Number of paused analyses that have not ended."""
    repeats: int
    """Number of retries of segments."""
    overdue_leases: int
    """Segments whose lease expired and that were not released yet."""
    waiting_since: dict[Priority, datetime]
    """When the oldest analysis with a queued segment was requested, by priority."""
    any_time_since: datetime | None
    """The same, of analyses that are also processed outside the windows."""
    lease_until: dict[str, datetime]
    """The latest end of a lease that is held, by site."""
    finished_at: datetime | None
    """When a segment was last done."""
    quarantined_at: datetime | None
    """When the latest attempt that ended in quarantine began."""
    recent: RecentWork
    refused: int
    """Rejected files of the watched folder, and uploads."""
    watched_ms: int
    """All footage ever processed, as far as the monitor has counted."""
    waiting_ms: int
    """Footage that is queued or being processed; paused analyses are not counted."""
    canaries: dict[str, datetime]
    """When a canary was last done, by queue."""
    fleet: Fleet
    """The live worker processes on all machines."""


def vitals(session: Session, now: datetime) -> Vitals:
    """Read the health figures of the ledger."""
    segments = session.exec(_segments_by_state()).all()
    return Vitals(
        segments={row.state: row.count for row in segments},
        footage_ms={row.state: int(row.length_ms) for row in segments},
        analyses=dict(session.exec(_analyses_by_state()).all()),
        paused=session.exec(_paused()).one(),
        repeats=sum(int(row.repeats) for row in segments),
        overdue_leases=session.exec(select(func.count()).where(ran_out(now))).one(),
        **_waiting(session),
        lease_until=dict(session.exec(_leases()).all()),
        finished_at=session.exec(select(func.max(Segment.finished_at))).one(),
        quarantined_at=next((r.began_at for r in segments if r.state is State.QUARANTINED), None),
        recent=_recent_work(session, now - RECENT),
        refused=refusals.count(session),
        watched_ms=seen.watched_ms if (seen := monitoring(session)) else 0,
        waiting_ms=session.exec(_still_to_watch()).one() or 0,
        canaries=last_done(session),
        fleet=fleet(session, now),
    )


def _segments_by_state() -> Any:
    attempts = col(Segment.attempts)
    return select_columns(
        col(Segment.state),
        func.count().label("count"),
        func.sum(_LENGTH_MS).label("length_ms"),
        func.sum(case((attempts > 1, attempts - 1), else_=0)).label("repeats"),
        func.max(col(Segment.started_at)).label("began_at"),
    ).group_by(col(Segment.state))


def _analyses_by_state() -> Any:
    return select(Analysis.state, func.count()).group_by(col(Analysis.state))


def _leases() -> Any:
    held = col(Segment.lease_until).is_not(None)
    latest = func.max(Segment.lease_until)
    return select(Analysis.site, latest).join(Segment).where(held).group_by(col(Analysis.site))


def _paused() -> Any:
    ended = col(Analysis.state).in_(OVER)
    return select(func.count()).where(col(Analysis.paused_at).is_not(None), ~ended)


def _still_to_watch() -> Any:
    still = (col(Segment.state).in_(OPEN), col(Analysis.paused_at).is_(None), is_footage())
    return select(func.sum(_LENGTH_MS)).join(Analysis).where(*still)


def _waiting(session: Session) -> dict[str, Any]:
    statement = (
        select(Analysis.priority, Analysis.any_time, func.min(Analysis.asked_at).label("since"))
        .join(Segment)
        .where(col(Segment.state) == State.WAITING, col(Analysis.paused_at).is_(None))
        .group_by(col(Analysis.priority), col(Analysis.any_time))
    )
    rows: Sequence[Any] = session.exec(statement).all()
    return {
        "waiting_since": {
            priority: min(row.since for row in rows if row.priority is priority)
            for priority in {row.priority for row in rows}
        },
        "any_time_since": min((row.since for row in rows if row.any_time), default=None),
    }


def _recent_work(session: Session, since: datetime) -> RecentWork:
    statement = select(Segment.started_at, Segment.finished_at, _LENGTH_MS).where(
        col(Segment.state) == State.DONE,
        col(Segment.finished_at) >= since,
        col(Segment.started_at).is_not(None),
    )
    done: Sequence[Any] = session.exec(statement).all()
    if not done:
        return RecentWork(0, 0.0, 0.0)
    begins, ends, lengths_ms = zip(*done, strict=True)
    return RecentWork(
        footage_ms=sum(lengths_ms),
        work_seconds=sum((end - begin).total_seconds() for begin, end, _ in done),
        span_seconds=(max(ends) - min(begins)).total_seconds(),
    )
