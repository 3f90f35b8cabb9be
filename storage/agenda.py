"""What still has to be asked of the workers: messages get lost, rows do not.

Rows are committed first and workers are asked afterwards, so that a crash in between leaves a row
that nobody was asked about. Asking twice does no harm.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from storage.tables import Analysis, Segment, State


def unasked(
    session: Session, *, asked_before: datetime | None = None, limit: int = 1000
) -> list[int]:
    """Waiting segments nobody was asked to do, and those asked for before `asked_before`."""
    statement = (
        select(Segment.id)
        .where(col(Segment.state) == State.WAITING, _forgotten(col(Segment.asked_at), asked_before))
        .order_by(col(Segment.analysis_id), col(Segment.index))
        .limit(limit)
    )
    return list(session.exec(statement))


def mark_asked(session: Session, segment_ids: Sequence[int], now: datetime) -> None:
    """Remember that workers were asked to do these segments."""
    session.exec(update(Segment).where(col(Segment.id).in_(segment_ids)).values(asked_at=now))


def ready_to_match(session: Session, *, asked_before: datetime | None = None) -> list[int]:
    """Analyses whose segments have ended and that nobody was asked to match, as in `unasked`."""
    statement = (
        select(Analysis.id)
        .where(
            col(Analysis.state) == State.MATCHING,
            _forgotten(col(Analysis.match_asked_at), asked_before),
        )
        .order_by(col(Analysis.id))
    )
    return list(session.exec(statement))


def mark_match_asked(session: Session, analysis_ids: Sequence[int], now: datetime) -> None:
    """Remember that workers were asked to match these analyses."""
    chosen = col(Analysis.id).in_(analysis_ids)
    session.exec(update(Analysis).where(chosen).values(match_asked_at=now))


def _forgotten(
    asked_at: Mapped[datetime | None], asked_before: datetime | None
) -> ColumnElement[bool]:
    never = asked_at.is_(None)
    return never if asked_before is None else or_(never, asked_at < asked_before)
