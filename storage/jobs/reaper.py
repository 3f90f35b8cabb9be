"""Taking segments back from workers that fell silent, or that are known to be dead."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false
from sqlmodel import Session, col, select

from storage.jobs.ledger import MAX_ATTEMPTS
from storage.jobs.states import BACK, advance, change, lock, quarantine, ran_out
from storage.tables import Analysis, Segment, State


def owners(session: Session) -> list[str]:
    """Whoever holds a segment at the moment."""
    running = col(Segment.state) == State.RUNNING
    found = session.exec(select(Segment.lease_owner).where(running)).all()
    return [owner for owner in found if owner]


def expired(session: Session, now: datetime) -> list[int]:
    """Take segments from workers that fell silent; returns the ids to be asked for again.

    A segment that silenced its worker at every attempt is quarantined instead.
    """
    return _take_back(session, ran_out(now))


def abandoned(session: Session, dead: Collection[str]) -> list[int]:
    """Take segments from owners that are known to be dead, without waiting for their leases.

    The death counts as an attempt, as in `expired`.
    """
    held_by_dead = col(Segment.lease_owner).in_(dead) if dead else false()
    return _take_back(session, and_(col(Segment.state) == State.RUNNING, held_by_dead))


def _take_back(session: Session, which: ColumnElement[bool]) -> list[int]:
    analyses = lock(session, col(Analysis.id).in_(select(Segment.analysis_id).where(which)))
    if not analyses:
        return []
    locked = and_(which, col(Segment.analysis_id).in_([one.id for one in analyses]))
    hopeless = and_(locked, col(Segment.attempts) >= MAX_ATTEMPTS)
    quarantine(session, hopeless, f"The worker died {MAX_ATTEMPTS} times on this segment.")
    released = change(session, locked, **BACK)
    for analysis in analyses:
        advance(session, analysis)
    return released
