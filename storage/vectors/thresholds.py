"""Thresholds that were taken into use instead of an engine's own; the latest counts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from storage import tables
from storage.cases.gallery import usable


@dataclass(frozen=True, slots=True)
class Threshold:
    """Up to which distance an engine makes candidates, from some time on."""

    engine: str
    threshold: float
    reason: str
    actor: str
    chosen_at: datetime


def threshold_in_use(session: Session, engine: str) -> float | None:
    """The threshold that was chosen for an engine; None where its own counts."""
    latest = select(tables.ThresholdChoice.threshold).filter_by(engine=engine)
    return session.exec(latest.order_by(col(tables.ThresholdChoice.id).desc()).limit(1)).first()


def thresholds(session: Session) -> list[Threshold]:
    """Every choice, the latest first."""
    rows = session.exec(
        select(tables.ThresholdChoice).order_by(col(tables.ThresholdChoice.id).desc())
    )
    return [Threshold(**{name: getattr(row, name) for name in Threshold.__slots__}) for row in rows]


def choose_threshold(session: Session, chosen: Threshold) -> list[int]:
    """Take a threshold into use; returns the people in force who are to be compared again."""
    values = {name: getattr(chosen, name) for name in Threshold.__slots__}
    session.add(tables.ThresholdChoice(**values))
    of_engine = col(tables.Reference.engine) == chosen.engine
    wanted = (
        select(tables.Reference.person_id)
        .join(tables.Person)
        .join(tables.Case)
        .where(usable(chosen.chosen_at), of_engine)
        .distinct()
        .order_by(col(tables.Reference.person_id))
    )
    people = list(session.exec(wanted))
    theirs = col(tables.Reference.person_id).in_(people)
    session.exec(update(tables.Reference).where(theirs, of_engine).values(matched_at=None))
    return people
