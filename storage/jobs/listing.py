"""What listings and reports read: which analyses there are, their segments, plans and people."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from storage.jobs.states import is_imported, is_of_crops
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
    """One segment as it stands."""

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
    """A stretch of footage that was given up."""

    job: int
    recording: str
    segment: int
    start_ms: int
    end_ms: int
    attempts: int
    reason: str


def all_analyses(session: Session, *, plan_key: str | None = None) -> list[int]:
    """The ids of every analysis, or of those under one plan, the oldest first."""
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
    """Some analyses of footage, and imports, from the `first` on, the newest first; of `only`
    these, and of those below `older_than`."""
    newest_first = select(Analysis.id).where(~is_of_crops()).order_by(col(Analysis.id).desc())
    statement = newest_first.offset(first).limit(number)
    if only is not None:
        statement = statement.where(col(Analysis.id).in_(only))
    if older_than is not None:
        statement = statement.where(col(Analysis.id) < older_than)
    return list(session.exec(statement))


def footage(session: Session) -> list[int]:
    """The ids of every analysis that has appearances of its own, the oldest first."""
    return list(session.exec(select(Analysis.id).where(~is_of_crops()).order_by(col(Analysis.id))))


def footage_seen(session: Session, plan_key: str, engine: str) -> list[int]:
    """Analyses of footage under one plan, imports, and those whose crops an engine has embedded
    again."""
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
    """The plan of an analysis as JSON; None when there is no such analysis."""
    statement = select(Plan.body).join(Analysis).where(col(Analysis.id) == analysis_id)
    return session.exec(statement).one_or_none()


def people_of_case(session: Session, case_id: int) -> list[tuple[int, str]]:
    """Ids and names of everyone a case looks for, in the order they were enrolled."""
    statement = select(Person.id, Person.name).where(col(Person.case_id) == case_id)
    return list(session.exec(statement.order_by(col(Person.id))))


def spans(session: Session, analysis_id: int) -> list[tuple[int, int]]:
    """From and to of every appearance of an analysis, in milliseconds, in order of time."""
    statement = select(Appearance.start_ms, Appearance.end_ms).where(
        col(Appearance.analysis_id) == analysis_id
    )
    return list(session.exec(statement.order_by(col(Appearance.ordinal))))


def claimed_duration_ms(session: Session, recording_id: int) -> int | None:
    """What a recording's header says of its length."""
    statement = select(Recording.duration_claimed_ms).where(col(Recording.id) == recording_id)
    return session.exec(statement).one()


def analyses_of_case(session: Session, case_id: int) -> list[int]:
    """The ids of every analysis of a case's footage, the oldest first."""
    statement = (
        select(Analysis.id)
        .join(CaseRecording, col(CaseRecording.recording_id) == col(Analysis.recording_id))
        .where(col(CaseRecording.case_id) == case_id)
        .order_by(col(Analysis.id))
    )
    return list(session.exec(statement))


def recordings_of(session: Session, analysis_ids: Collection[int]) -> list[int]:
    """The ids of the recordings that these analyses look at."""
    statement = select(Analysis.recording_id).where(col(Analysis.id).in_(analysis_ids)).distinct()
    return list(session.exec(statement.order_by(col(Analysis.recording_id))))


def quarantined(session: Session, analysis_ids: Collection[int]) -> list[QuarantinedRow]:
    """The segments of these analyses that were given up, in order."""
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
