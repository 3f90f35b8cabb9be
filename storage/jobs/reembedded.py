"""How far an engine is with the crops of others, and what of them it could not embed."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.jobs.reembedding import origins
from storage.jobs.states import ENDED, OPEN, is_of_crops
from storage.tables import (
    Analysis,
    Appearance,
    Embedding,
    Omission,
    Plan,
    Recording,
    State,
)


@dataclass(frozen=True, slots=True)
class Omitted:
    """An appearance that could not be re-embedded."""

    appearance_id: int
    recording: str
    start_ms: int
    end_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Standing:
    """How far an engine is with what others have seen."""

    waiting: int
    """Analyses that have not ended."""
    ended: int
    embedded: int
    """Appearances with a vector of this engine that another engine found."""
    omitted: dict[str, int]
    """Appearances that could not be embedded, by reason."""


def standing(session: Session, engine: str) -> Standing:
    """How far an engine is with what others have seen."""
    by_state = (
        select(Analysis.state, func.count())
        .join(Plan)
        .where(col(Plan.engine) == engine, is_of_crops())
    )
    states = dict(session.exec(by_state.group_by(col(Analysis.state))).all())
    waiting = (State.WAITING, State.RUNNING, State.MATCHING)
    embedded = (
        select(func.count())
        .select_from(Embedding)
        .join(Appearance)
        .join(Analysis)
        .join(Plan)
        .where(col(Embedding.engine) == engine, col(Plan.engine) != engine)
    )
    omitted = select(Omission.reason, func.count()).where(col(Omission.engine) == engine)
    return Standing(
        waiting=sum(states.get(state, 0) for state in waiting),
        ended=sum(number for state, number in states.items() if state not in waiting),
        embedded=session.exec(embedded).one(),
        omitted=dict(session.exec(omitted.group_by(col(Omission.reason))).all()),
    )


def unfinished(session: Session, engine: str) -> int:
    """How many analyses of other engines this one has not looked at the crops of, those that are
    still being watched among them."""
    ended = (
        select(Analysis.origin_id)
        .join(Plan)
        .where(col(Plan.engine) == engine, is_of_crops(), col(Analysis.state).in_(ENDED))
    )
    seen = set(session.exec(ended))
    waiting = [one for one in origins(session, engine) if one.analysis_id not in seen]
    watched = (
        select(func.count())
        .select_from(Analysis)
        .join(Plan)
        .where(
            col(Plan.engine) != engine,
            ~is_of_crops(),
            col(Analysis.state).in_([*OPEN, State.MATCHING]),
        )
    )
    return len(waiting) + session.exec(watched).one()


def omitted(session: Session, engine: str, *, limit: int | None = None) -> list[Omitted]:
    """What an engine could not re-embed, in the order of the recordings and times."""
    statement = (
        select(Omission, Recording.name, Appearance)
        .join(Appearance, col(Omission.appearance_id) == col(Appearance.id))
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(col(Omission.engine) == engine)
        .order_by(col(Recording.id), col(Appearance.start_ms), col(Appearance.id))
        .limit(limit)
    )
    return [
        Omitted(seen.id, name, seen.start_ms, seen.end_ms, omission.reason)
        for omission, name, seen in session.exec(statement)
    ]
