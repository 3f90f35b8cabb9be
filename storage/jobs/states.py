"""Changing the states of segments and analyses, for the ledger and whoever controls it.

Every change of a segment's state locks its analysis first: of two workers that finish the last two
segments at once, exactly one is told that it was the last.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, update
from sqlmodel import Session, col, select

from storage.tables import Analysis, Plan, Segment, State

OPEN = (State.WAITING, State.RUNNING)
ENDED = (State.DONE, State.GAPS, State.FAILED)
"""An analysis that came to its end."""
SEARCHABLE = (State.DONE, State.GAPS)
"""An analysis whose faces are compared."""
GIVEN_UP = (State.FAILED, State.CANCELLED)
"""An analysis that saw nothing and will not."""
OVER = (*ENDED, State.CANCELLED)
"""An analysis that nothing is done for any more."""
BACK: dict[str, Any] = {
    "state": State.WAITING,
    "lease_owner": None,
    "lease_until": None,
    "asked_at": None,
    "started_at": None,
}
"""What a segment is like that waits to be asked for."""


def ran_out(now: datetime) -> ColumnElement[bool]:
    """Segments whose worker fell silent."""
    return and_(col(Segment.state) == State.RUNNING, col(Segment.lease_until) <= now)


def is_of_crops() -> ColumnElement[bool]:
    """Analyses that re-embed the crops of another one."""
    return col(Analysis.origin_id).is_not(None)


def is_imported() -> ColumnElement[bool]:
    """Analyses of faces that others cut: nothing was decoded for them."""
    imports = select(Plan.key).where(col(Plan.cut_by).is_not(None))
    return col(Analysis.plan_key).in_(imports)


def is_footage() -> ColumnElement[bool]:
    """Analyses that watch footage."""
    return and_(~is_of_crops(), ~is_imported())


def lock(session: Session, which: ColumnElement[bool]) -> Sequence[Analysis]:
    """Let nobody else change these analyses or their segments until the commit."""
    # In the order of ids, so that two who lock several cannot wait for each other.
    statement = (
        select(Analysis)
        .where(which)
        .order_by(col(Analysis.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def lock_analysis_of(session: Session, segment_id: int) -> Analysis | None:
    """The analysis of a segment, locked; None when the segment is gone."""
    of_segment = select(Segment.analysis_id).where(col(Segment.id) == segment_id)
    return next(iter(lock(session, col(Analysis.id).in_(of_segment))), None)


def change(session: Session, which: ColumnElement[bool], **values: Any) -> list[int]:
    """Change segments; returns the ids of those that were."""
    statement = update(Segment).where(which).values(**values).returning(col(Segment.id))
    return sorted(id for (id,) in session.exec(statement))


def quarantine(session: Session, which: ColumnElement[bool], reason: str) -> list[int]:
    """Give segments up for good."""
    return change(session, which, state=State.QUARANTINED, lease_until=None, reason=reason)


def advance(session: Session, analysis: Analysis) -> bool:
    """Let a locked analysis wait to be matched if no segment of it is left open; says whether."""
    open_segments = session.exec(
        select(func.count()).where(
            col(Segment.analysis_id) == analysis.id, col(Segment.state).in_(OPEN)
        )
    ).one()
    if not open_segments and analysis.state in OPEN:
        analysis.state = State.MATCHING
    return not open_segments
