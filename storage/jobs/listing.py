"""Queries for listings and reports: analyses, their segments and plans, people of a case."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import Select, and_, func, or_
from sqlmodel import Session, col, select

from storage.cases.cases import Case
from storage.cases.scope import Scope, concerned
from storage.jobs.states import SEARCHABLE, is_imported, is_of_crops
from storage.tables import (
    Analysis,
    Appearance,
    CaseRecording,
    Person,
    Plan,
    Recording,
    Segment,
    State,
)


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment with its current state and counts."""

    index: int
    start_ms: int
    end_ms: int
    state: State
    attempts: int
    sampled_frames: int
    faces: int
    decoded_ms: int
    gaps: list[list[int]]
    reason: str | None


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A quarantined segment."""

    job: int
    recording: str
    segment: int
    start_ms: int
    end_ms: int
    attempts: int
    reason: str


def all_analyses(session: Session, *, plan_key: str | None = None) -> list[int]:
    """The ids of all analyses, or of those under one plan, oldest first."""
    statement = select(Analysis.id).order_by(col(Analysis.id))
    if plan_key is not None:
        statement = statement.where(col(Analysis.plan_key) == plan_key)
    return list(session.exec(statement))


def newest_analyses(
    session: Session,
    *,
    first: int,
    number: int,
    only: Collection[int] | None = None,
    older_than: int | None = None,
) -> list[int]:
    """The ids of at most `number` analyses of footage and imports, newest first, from index
    `first`; only those among `only`, and with an id below `older_than`, if given."""
    newest_first = select(Analysis.id).where(~is_of_crops()).order_by(col(Analysis.id).desc())
    statement = newest_first.offset(first).limit(number)
    if only is not None:
        statement = statement.where(col(Analysis.id).in_(only))
    if older_than is not None:
        statement = statement.where(col(Analysis.id) < older_than)
    return list(session.exec(statement))


def footage(session: Session) -> list[int]:
    """The ids of all analyses that have appearances of their own, oldest first."""
    return list(session.exec(select(Analysis.id).where(~is_of_crops()).order_by(col(Analysis.id))))


def footage_seen(session: Session, plan_key: str, engine: str) -> list[int]:
    """The ids of analyses of footage under one plan, imports embedded by an engine, and analyses
    whose crops it re-embeds."""
    of_crops = select(Analysis.origin_id).join(Plan).where(is_of_crops())
    reembedded = col(Analysis.id).in_(of_crops.where(col(Plan.engine) == engine))
    imported = and_(is_imported(), col(Plan.engine) == engine)
    of_plan = col(Analysis.plan_key) == plan_key
    statement = (
        select(Analysis.id).join(Plan).where(~is_of_crops(), or_(of_plan, imported, reembedded))
    )
    return list(session.exec(statement.order_by(col(Analysis.id))))


def segment_rows(session: Session, analysis_id: int) -> list[SegmentRow]:
    """The segments of an analysis, in order."""
    statement = select(Segment).where(col(Segment.analysis_id) == analysis_id)
    return [
        SegmentRow(**{name: getattr(row, name) for name in SegmentRow.__slots__})
        for row in session.exec(statement.order_by(col(Segment.index)))
    ]


def plan_body(session: Session, analysis_id: int) -> str | None:
    """The plan of an analysis as JSON; None if there is no such analysis."""
    statement = select(Plan.body).join(Analysis).where(col(Analysis.id) == analysis_id)
    return session.exec(statement).one_or_none()


def analyses_concerning(session: Session, case: Case) -> list[int]:
    """The analyses with appearances of their own, in recordings that a case names, oldest first."""
    statement = (
        select(Analysis.id)
        .join(Recording)
        .where(~is_of_crops(), concerned(session, Scope(case)))
        .order_by(col(Analysis.id))
    )
    return list(session.exec(statement))


def state_of(session: Session, analysis_id: int) -> State | None:
    """The state of an analysis; None if there is no such analysis."""
    row = session.get(Analysis, analysis_id)
    return None if row is None else row.state


def counted_once(engine: str) -> Select[int]:
    """Selects the analyses whose appearances are counted: of each recording, the newest one whose
    faces an engine embedded.

    A recording that was processed under several plans has each appearance several times. Imported
    faces are counted beside those that were found.
    """
    seen_in = func.max(func.coalesce(col(Analysis.origin_id), col(Analysis.id)))
    return (
        sqlalchemy.select(seen_in)
        .join(Plan, col(Analysis.plan_key) == col(Plan.key))
        .where(col(Plan.engine) == engine, col(Analysis.state).in_(SEARCHABLE))
        .group_by(col(Analysis.recording_id), col(Plan.cut_by))
    )


def people_of_case(session: Session, case_id: int) -> list[tuple[int, str]]:
    """Ids and names of a case's persons of interest, in the order they were enrolled."""
    statement = select(Person.id, Person.name).where(col(Person.case_id) == case_id)
    return list(session.exec(statement.order_by(col(Person.id))))


def spans(session: Session, analysis_id: int) -> list[tuple[int, int]]:
    """Start and end of every appearance of an analysis, in milliseconds, in order of time."""
    statement = select(Appearance.start_ms, Appearance.end_ms).where(
        col(Appearance.analysis_id) == analysis_id
    )
    return list(session.exec(statement.order_by(col(Appearance.ordinal))))


def claimed_duration_ms(session: Session, recording_id: int) -> int | None:
    """A recording's length in milliseconds according to its header; None if not stated."""
    statement = select(Recording.duration_claimed_ms).where(col(Recording.id) == recording_id)
    return session.exec(statement).one()


def analyses_of_case(session: Session, case_id: int) -> list[int]:
    """The ids of all analyses of a case's footage, oldest first."""
    statement = (
        select(Analysis.id)
        .join(CaseRecording, col(CaseRecording.recording_id) == col(Analysis.recording_id))
        .where(col(CaseRecording.case_id) == case_id)
        .order_by(col(Analysis.id))
    )
    return list(session.exec(statement))


def recordings_of(session: Session, analysis_ids: Collection[int]) -> list[int]:
    """The ids of the recordings of these analyses."""
    statement = select(Analysis.recording_id).where(col(Analysis.id).in_(analysis_ids)).distinct()
    return list(session.exec(statement.order_by(col(Analysis.recording_id))))


def quarantined(session: Session, analysis_ids: Collection[int]) -> list[QuarantinedRow]:
    """The quarantined segments of these analyses, in order."""
    statement = (
        select(Segment, Recording.name)
        .join(Analysis, col(Segment.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(col(Segment.analysis_id).in_(analysis_ids), col(Segment.state) == State.QUARANTINED)
        .order_by(col(Segment.analysis_id), col(Segment.index))
    )
    return [
        QuarantinedRow(
            job=segment.analysis_id,
            recording=name,
            segment=segment.index,
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            attempts=segment.attempts,
            reason=segment.reason or "",
        )
        for segment, name in session.exec(statement)
    ]
