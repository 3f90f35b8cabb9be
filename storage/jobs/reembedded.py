"""An engine's progress in re-embedding other engines' crops, and what it could not embed."""

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
    """The progress of an engine in re-embedding other engines' crops."""

    waiting: int
    """Analyses that have not ended."""
    ended: int
    embedded: int
    """Appearances found by another engine that have a vector of this one."""
    omitted: dict[str, int]
    """Appearances that could not be embedded, by reason."""


def standing(session: Session, engine: str) -> Standing:
    """The progress of an engine in re-embedding other engines' crops."""
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
    """The number of other engines' analyses whose crops this engine has not re-embedded, including
    those that are still queued or being processed."""
    ended = (
        select(Analysis.origin_id)
        .join(Plan)
        .where(col(Plan.engine) == engine, is_of_crops(), col(Analysis.state).in_(ENDED))
    )
    done = set(session.exec(ended))
    waiting = [origin for origin in origins(session, engine) if origin.analysis_id not in done]
    not_ended = (
        select(func.count())
        .select_from(Analysis)
        .join(Plan)
        .where(
            col(Plan.engine) != engine,
            ~is_of_crops(),
            col(Analysis.state).in_([*OPEN, State.MATCHING]),
        )
    )
    return len(waiting) + session.exec(not_ended).one()


def omitted(session: Session, engine: str, *, limit: int | None = None) -> list[Omitted]:
    """At most `limit` appearances that an engine could not re-embed, by recording and time."""
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
