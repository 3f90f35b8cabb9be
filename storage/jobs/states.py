"""Change the states of segments and analyses, for the ledger and its control.

Every change of a segment's state locks its analysis first: if two workers finish the last two
segments at the same time, exactly one learns that its segment was the last.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, update
from sqlmodel import Session, col, select

from storage.tables import Analysis, Plan, Segment, State

OPEN = (State.WAITING, State.RUNNING)
ENDED = (State.DONE, State.GAPS, State.FAILED)
"""An analysis that has ended and was not cancelled."""
SEARCHABLE = (State.DONE, State.GAPS)
"""An analysis whose faces are compared."""
GIVEN_UP = (State.FAILED, State.CANCELLED)
"""An analysis without results that will get none."""
OVER = (*ENDED, State.CANCELLED)
"""An analysis on which no more work is done."""
BACK: dict[str, Any] = {
    "state": State.WAITING,
    "lease_owner": None,
    "lease_until": None,
    "asked_at": None,
    "started_at": None,
}
"""The columns of a segment that is queued and undispatched."""


def ran_out(now: datetime) -> ColumnElement[bool]:
    """Condition for running segments whose lease has expired."""
    return and_(col(Segment.state) == State.RUNNING, col(Segment.lease_until) <= now)


def is_of_crops() -> ColumnElement[bool]:
    """Condition for analyses that re-embed the crops of another one."""
    return col(Analysis.origin_id).is_not(None)


def is_imported() -> ColumnElement[bool]:
    """Condition for analyses of imported faces, cut by other software: no footage was decoded."""
    imports = select(Plan.key).where(col(Plan.cut_by).is_not(None))
    return col(Analysis.plan_key).in_(imports)


def is_footage() -> ColumnElement[bool]:
    """Condition for analyses that process footage."""
    return and_(~is_of_crops(), ~is_imported())


def lock(session: Session, which: ColumnElement[bool]) -> Sequence[Analysis]:
    """Lock these analyses and their segments against other changes until the commit."""
    # In the order of ids, so that two transactions that lock several cannot deadlock.
    statement = (
        select(Analysis)
        .where(which)
        .order_by(col(Analysis.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def lock_analysis_of(session: Session, segment_id: int) -> Analysis | None:
    """The analysis of a segment, locked; None if the segment no longer exists."""
    of_segment = select(Segment.analysis_id).where(col(Segment.id) == segment_id)
    return next(iter(lock(session, col(Analysis.id).in_(of_segment))), None)


def change(session: Session, which: ColumnElement[bool], **values: Any) -> list[int]:
    """Set columns of the segments that meet a condition; returns their ids, sorted."""
    statement = update(Segment).where(which).values(**values).returning(col(Segment.id))
    return sorted(id for (id,) in session.exec(statement))


def quarantine(session: Session, which: ColumnElement[bool], reason: str) -> list[int]:
    """Quarantine the segments that meet a condition; returns their ids, sorted."""
    return change(session, which, state=State.QUARANTINED, lease_until=None, reason=reason)


def advance(session: Session, analysis: Analysis) -> bool:
    """Make a locked analysis ready to be matched if no segment is left open; returns whether."""
    open_segments = session.exec(
        select(func.count()).where(
            col(Segment.analysis_id) == analysis.id, col(Segment.state).in_(OPEN)
        )
    ).one()
    if not open_segments and analysis.state in OPEN:
        analysis.state = State.MATCHING
    return not open_segments
