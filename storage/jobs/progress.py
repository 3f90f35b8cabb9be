"""Progress and results of analyses."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from sqlalchemy import func
from sqlmodel import Session, col, select

from storage.jobs.plans import said_of_import
from storage.jobs.states import OPEN
from storage.tables import Analysis, Appearance, Capture, Plan, Priority, Recording, Segment, State


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of an analysis."""

    analysis_id: int
    state: State
    priority: Priority
    any_time: bool
    paused_at: datetime | None
    of_crops: bool
    """Whether stored crops are re-embedded, and no footage is processed."""
    segments: dict[State, int]
    """Number of segments by state; states without any are missing."""
    done_ms: int
    """Footage in segments that have ended, done or quarantined."""
    total_ms: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The results of an analysis: how much of the recording was processed, and how much not."""

    analysis_id: int
    recording_id: int
    name: str
    sha256: str
    duration_ms: int
    plan_key: str
    state: State
    decoded_ms: int
    decoded_frames: int
    sampled_frames: int
    faces: int
    appearances: int
    gaps: list[tuple[int, int]]
    """Start and end, in milliseconds, of what was not processed, including quarantined segments."""
    reasons: list[str]
    """Why segments were quarantined, or why nothing was processed."""
    cut_by: str | None = None
    """Who cut the faces if they were imported; None if footage was processed."""
    captured_ms: int | None = None
    """When it was recorded, in milliseconds since 1970 UTC; None if nobody says."""
    captured_by: Capture | None = None
    captured_words: str | None = None
    """The time that the file claims, as it is written there."""


def progress(session: Session, analysis_ids: Sequence[int]) -> list[Progress]:
    """The progress of these analyses, in the order of their ids; unknown ids are left out."""
    segments = _segments(session, analysis_ids)
    statement = select(Analysis).where(col(Analysis.id).in_(analysis_ids))
    return [
        _progress(analysis, segments.get(analysis.id, []))
        for analysis in session.exec(statement.order_by(col(Analysis.id)))
    ]


def outcomes(session: Session, analysis_ids: Sequence[int]) -> list[Outcome]:
    """The results of these analyses so far, in the order of their ids; unknown ids are left out."""
    statement = (
        select(Analysis, Recording, Plan.cut_by)
        .join(Recording)
        .join(Plan)
        .where(col(Analysis.id).in_(analysis_ids))
    )
    rows = session.exec(statement.order_by(col(Analysis.id))).all()
    origins = [analysis.origin_id for analysis, *_ in rows if analysis.origin_id is not None]
    segments = _segments(session, [*analysis_ids, *origins])
    counts = _appearance_counts(session, analysis_ids)
    return [
        _outcome(
            analysis,
            recording,
            segments.get(analysis.id, []),
            counts.get(analysis.id, 0),
            segments.get(analysis.origin_id or 0, []),
            cut_by,
        )
        for analysis, recording, cut_by in rows
    ]


def _progress(analysis: Analysis, segments: Sequence[Segment]) -> Progress:
    return Progress(
        analysis_id=analysis.id,
        state=analysis.state,
        priority=analysis.priority,
        any_time=analysis.any_time,
        paused_at=analysis.paused_at,
        of_crops=analysis.origin_id is not None,
        segments=dict(Counter(segment.state for segment in segments)),
        done_ms=sum(s.end_ms - s.start_ms for s in segments if s.state not in OPEN),
        total_ms=sum(s.end_ms - s.start_ms for s in segments),
    )


def _outcome(
    analysis: Analysis,
    recording: Recording,
    segments: Sequence[Segment],
    appearances: int,
    of_origin: Sequence[Segment],
    cut_by: str | None,
) -> Outcome:
    gaps = [gap for segment in [*of_origin, *segments] for gap in _gaps(segment)]
    reasons = [segment.reason for segment in segments if segment.reason]
    if cut_by is not None:
        gaps = [(0, recording.duration_ms)]
        reasons.append(f"Its faces were {said_of_import(cut_by, analysis.asked_at)}.")
    return Outcome(
        analysis_id=analysis.id,
        recording_id=recording.id,
        name=recording.name,
        sha256=recording.sha256,
        duration_ms=recording.duration_ms,
        plan_key=analysis.plan_key,
        state=analysis.state,
        decoded_ms=sum(segment.decoded_ms for segment in segments),
        decoded_frames=sum(segment.decoded_frames for segment in segments),
        sampled_frames=sum(segment.sampled_frames for segment in segments),
        faces=sum(segment.faces for segment in segments),
        appearances=appearances,
        gaps=gaps,
        reasons=reasons,
        cut_by=cut_by,
        captured_ms=recording.captured_ms,
        captured_by=recording.captured_by,
        captured_words=recording.captured_words,
    )


def _gaps(segment: Segment) -> list[tuple[int, int]]:
    if segment.state is State.QUARANTINED:
        return [(segment.start_ms, segment.end_ms)]
    return [(start_ms, end_ms) for start_ms, end_ms in segment.gaps]


def _segments(session: Session, analysis_ids: Sequence[int]) -> dict[int, list[Segment]]:
    statement = (
        select(Segment)
        .where(col(Segment.analysis_id).in_(analysis_ids))
        .order_by(col(Segment.analysis_id), col(Segment.index))
    )
    by_analysis = groupby(session.exec(statement), key=lambda segment: segment.analysis_id)
    return {analysis_id: list(segments) for analysis_id, segments in by_analysis}


def _appearance_counts(session: Session, analysis_ids: Sequence[int]) -> dict[int, int]:
    statement = (
        select(Appearance.analysis_id, func.count())
        .where(col(Appearance.analysis_id).in_(analysis_ids))
        .group_by(col(Appearance.analysis_id))
    )
    return dict(session.exec(statement).all())
