"""Thresholds chosen instead of the one on an engine's card; the latest counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from storage import tables
from storage.cases.cases import has_ended
from storage.cases.sealed_vectors import openable


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold chosen for an engine: the greatest distance of a candidate."""

    engine: str
    threshold: float
    reason: str
    actor: str
    chosen_at: datetime


def threshold_in_use(session: Session, engine: str) -> float | None:
    """The threshold chosen for an engine; None if the one on its card counts."""
    latest = select(tables.ThresholdChoice.threshold).filter_by(engine=engine)
    return session.exec(latest.order_by(col(tables.ThresholdChoice.id).desc()).limit(1)).first()


def thresholds(session: Session) -> list[Threshold]:
    """All choices, latest first."""
    rows = session.exec(
        select(tables.ThresholdChoice).order_by(col(tables.ThresholdChoice.id).desc())
    )
    return [Threshold(**{name: getattr(row, name) for name in Threshold.__slots__}) for row in rows]


def choose_threshold(session: Session, chosen: Threshold) -> list[int]:
    """Store a chosen threshold; returns the ids of people whose case has not ended, to be compared
    again."""
    values = {name: getattr(chosen, name) for name in Threshold.__slots__}
    session.add(tables.ThresholdChoice(**values))
    of_engine = col(tables.Reference.engine) == chosen.engine
    # Also of locked cases: once authorised, their people are compared with this threshold.
    wanted = (
        select(tables.Reference.person_id)
        .join(tables.Person)
        .join(tables.Case)
        .where(openable(), ~has_ended(chosen.chosen_at), of_engine)
        .distinct()
        .order_by(col(tables.Reference.person_id))
    )
    return list(session.exec(wanted))
