"""Release segments of workers whose lease expired, or that are known to be dead."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false
from sqlmodel import Session, col, select

from storage.jobs.ledger import MAX_ATTEMPTS
from storage.jobs.states import BACK, advance, change, lock, quarantine, ran_out
from storage.tables import Analysis, Segment, State


def owners(session: Session) -> list[str]:
    """The owners of all running segments."""
    running = col(Segment.state) == State.RUNNING
    held_by = session.exec(select(Segment.lease_owner).where(running)).all()
    return [owner for owner in held_by if owner]


def expired(session: Session, now: datetime) -> list[int]:
    """Release segments whose lease expired; returns their ids, to be dispatched again.

    A segment whose lease expired at its last attempt is quarantined instead.
    """
    return _take_back(session, ran_out(now))


def abandoned(session: Session, dead: Collection[str]) -> list[int]:
    """Release segments of owners known to be dead, before their leases expire; returns their ids.

    The attempt counts, as in `expired`.
    """
    held_by_dead = col(Segment.lease_owner).in_(dead) if dead else false()
    return _take_back(session, and_(col(Segment.state) == State.RUNNING, held_by_dead))


def _take_back(session: Session, which: ColumnElement[bool]) -> list[int]:
    analyses = lock(session, col(Analysis.id).in_(select(Segment.analysis_id).where(which)))
    if not analyses:
        return []
    locked = and_(which, col(Segment.analysis_id).in_([analysis.id for analysis in analyses]))
    hopeless = and_(locked, col(Segment.attempts) >= MAX_ATTEMPTS)
    quarantine(session, hopeless, f"The worker died {MAX_ATTEMPTS} times on this segment.")
    released = change(session, locked, **BACK)
    for analysis in analyses:
        advance(session, analysis)
    return released
