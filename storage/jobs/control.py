"""Users' control of jobs: pause, resume, set the priority, cancel, retry, forget.

If not stated otherwise, a function takes ids of analyses, changes those it applies to and returns
their ids. The others stay as they are, so calling it twice is harmless.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, update
from sqlmodel import Session, col, select

from storage.jobs import reembedding
from storage.jobs.states import BACK, OVER, change, lock
from storage.tables import (
    Analysis,
    Appearance,
    Fingerprint,
    Priority,
    Recording,
    Segment,
    Sighting,
    State,
)

_UNSEEN: dict[str, Any] = {
    "finished_at": None,
    "decoded_frames": 0,
    "sampled_frames": 0,
    "faces": 0,
    "decoded_ms": 0,
    "gaps": [],
    "reason": None,
}


def pause(session: Session, analysis_ids: Collection[int], now: datetime) -> list[int]:
    """Start no further segment of these analyses; segments being processed are finished."""
    paused = _lock(session, analysis_ids, ~col(Analysis.state).in_(OVER))
    for analysis in paused:
        analysis.paused_at = analysis.paused_at or now
    return [analysis.id for analysis in paused]


def resume(session: Session, analysis_ids: Collection[int]) -> list[int]:
    """Resume paused analyses; their segments have to be dispatched again."""
    resumed = _lock(session, analysis_ids, col(Analysis.paused_at).is_not(None))
    for analysis in resumed:
        analysis.paused_at = None
    _ask_again(session, [analysis.id for analysis in resumed])
    return [analysis.id for analysis in resumed]


def set_priority(
    session: Session, analysis_ids: Collection[int], priority: Priority, *, any_time: bool
) -> list[int]:
    """Set the priority, and whether to process outside the processing windows too."""
    chosen = _lock(session, analysis_ids, ~col(Analysis.state).in_(OVER))
    for analysis in chosen:
        analysis.priority, analysis.any_time = priority, any_time
    _ask_again(session, [analysis.id for analysis in chosen])
    return [analysis.id for analysis in chosen]


def cancel(session: Session, analysis_ids: Collection[int], now: datetime) -> list[int]:
    """Stop analyses that have not ended and delete their results so far.

    A worker that processes one of their segments loses its lease and can no longer commit.
    """
    cancelled = _lock(session, analysis_ids, ~col(Analysis.state).in_(OVER))
    ids = [analysis.id for analysis in cancelled]
    segments = col(Segment.analysis_id).in_(ids)
    session.exec(
        delete(Sighting).where(col(Sighting.segment_id).in_(select(Segment.id).where(segments)))
    )
    session.exec(
        delete(Fingerprint).where(
            col(Fingerprint.segment_id).in_(select(Segment.id).where(segments))
        )
    )
    session.exec(delete(Appearance).where(col(Appearance.analysis_id).in_(ids)))
    change(session, segments, **BACK | _UNSEEN | {"state": State.CANCELLED})
    for analysis in cancelled:
        if analysis.origin_id is not None:
            reembedding.drop(session, analysis)
        analysis.state, analysis.finished_at = State.CANCELLED, now
        analysis.paused_at = analysis.match_asked_at = None
    return ids


def retry(session: Session, analysis_ids: Collection[int]) -> list[int]:
    """Retry segments that were quarantined or cancelled; attempts are counted from 0.

    Returns the ids of the segments, which have to be dispatched. Their analyses are matched again
    once the segments have ended.
    """
    given_up = col(Segment.state).in_([State.QUARANTINED, State.CANCELLED])
    released = []
    for analysis in _lock(session, analysis_ids, col(Analysis.thinned_at).is_(None)):
        of_analysis = and_(col(Segment.analysis_id) == analysis.id, given_up)
        segments = change(session, of_analysis, **BACK, attempts=0)
        if segments:
            was_cancelled = analysis.state is State.CANCELLED
            analysis.state = State.WAITING if was_cancelled else State.RUNNING
            analysis.match_asked_at = analysis.finished_at = None
        released += segments
    return released


def forget(session: Session, recording_ids: Collection[int]) -> list[int]:
    """Delete recordings with all their data; the next sweep deletes the crops. Returns the ids."""
    analyses = col(Analysis.recording_id).in_(recording_ids)
    lock(session, analyses)
    gone = delete(Recording).where(col(Recording.id).in_(recording_ids))
    return sorted(id for (id,) in session.exec(gone.returning(col(Recording.id))))


def _lock(
    session: Session, analysis_ids: Collection[int], *which: ColumnElement[bool]
) -> list[Analysis]:
    return list(lock(session, and_(col(Analysis.id).in_(analysis_ids), *which)))


def _ask_again(session: Session, analysis_ids: Collection[int]) -> None:
    queued = and_(col(Segment.analysis_id).in_(analysis_ids), col(Segment.state) == State.WAITING)
    session.exec(update(Segment).where(queued).values(asked_at=None))
