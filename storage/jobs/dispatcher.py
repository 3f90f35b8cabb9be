"""Which segments and analyses have to be dispatched: messages can get lost, rows do not.

Rows are committed first and dispatched afterwards, so a crash in between leaves an undispatched
row. Dispatching twice is harmless.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, or_, true, update
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.jobs.ledger import MAX_ATTEMPTS
from storage.jobs.states import ran_out
from storage.tables import Analysis, Priority, Segment, State

_URGENT_FIRST = case((col(Analysis.priority) == Priority.URGENT, 0), else_=1)


def most_urgent(
    session: Session,
    asked_for: int,
    now: datetime,
    *,
    sites: Collection[str],
    window_open: bool = True,
) -> int | None:
    """The segment to start now: `asked_for`, unless a more urgent one is queued at these sites.

    A segment interrupted by the death of its worker also goes first, since it may be all that its
    recording waits for. Returns None if nothing is to be started: a running segment is not
    started again, and one that is paused or outside its window waits for its next dispatch.
    """
    urgent = col(Analysis.priority) == Priority.URGENT
    interrupted = and_(col(Segment.attempts) > 0, col(Segment.reason).is_(None))
    named = col(Segment.id) == asked_for
    for which in (and_(urgent, named), urgent, interrupted, named):
        reachable = col(Analysis.site).in_(sites)
        statement = _ready(now, window_open).where(which, reachable)
        in_order = statement.order_by(col(Segment.analysis_id), col(Segment.index))
        chosen = session.exec(in_order.limit(1)).first()
        if chosen is not None:
            return chosen
    return None


def _ready(now: datetime, window_open: bool) -> SelectOfScalar[int]:
    crashed = and_(ran_out(now), col(Segment.attempts) < MAX_ATTEMPTS)
    return (
        select(Segment.id)
        .join(Analysis)
        .where(_allowed(window_open), or_(col(Segment.state) == State.WAITING, crashed))
    )


def _allowed(window_open: bool) -> ColumnElement[bool]:
    in_time = true() if window_open else col(Analysis.any_time)
    return and_(col(Analysis.paused_at).is_(None), in_time)


def undispatched(
    session: Session,
    *,
    asked_before: datetime | None = None,
    sites: Collection[str] | None = None,
    window_open: bool = True,
    limit: int = 1000,
) -> list[int]:
    """Undispatched segments that may start, urgent ones first; of all sites, or only of `sites`.

    Includes segments that were dispatched before `asked_before` and are still queued.
    """
    statement = (
        select(Segment.id)
        .join(Analysis)
        .where(
            col(Segment.state) == State.WAITING,
            _allowed(window_open),
            _forgotten(col(Segment.asked_at), asked_before),
            true() if sites is None else col(Analysis.site).in_(sites),
        )
        .order_by(_URGENT_FIRST, col(Segment.analysis_id), col(Segment.index))
        .limit(limit)
    )
    return list(session.exec(statement))


def by_site(session: Session, segment_ids: Sequence[int]) -> dict[str, list[int]]:
    """Segments by the site of their footage, in the order given; unknown ids are left out."""
    statement = select(Segment.id, Analysis.site).join(Analysis)
    site_of = dict(session.exec(statement.where(col(Segment.id).in_(segment_ids))).all())
    segments: dict[str, list[int]] = {}
    for id in segment_ids:
        if id in site_of:
            segments.setdefault(site_of[id], []).append(id)
    return segments


def waiting_sites(session: Session) -> list[str]:
    """The sites with queued segments, sorted."""
    statement = select(Analysis.site).join(Segment).where(col(Segment.state) == State.WAITING)
    return sorted(session.exec(statement.distinct()))


def mark_asked(session: Session, segment_ids: Sequence[int], now: datetime) -> None:
    """Store that these segments were dispatched."""
    session.exec(update(Segment).where(col(Segment.id).in_(segment_ids)).values(asked_at=now))


def ready_to_match(session: Session, *, asked_before: datetime | None = None) -> list[int]:
    """Analyses whose segments have ended and whose matching is undispatched; see `undispatched`."""
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
    """Store that the matching of these analyses was dispatched."""
    chosen = col(Analysis.id).in_(analysis_ids)
    session.exec(update(Analysis).where(chosen).values(match_asked_at=now))


def _forgotten(
    asked_at: Mapped[datetime | None], asked_before: datetime | None
) -> ColumnElement[bool]:
    never = asked_at.is_(None)
    return never if asked_before is None else or_(never, asked_at < asked_before)
