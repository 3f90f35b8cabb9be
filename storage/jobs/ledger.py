"""The ledger: which worker holds which segment, and the state of each analysis.

A worker claims a segment with a lease. Only the holder of the lease may commit the segment's
results, in the transaction that also marks it as done. So a segment may be processed twice, but
its results are stored once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from errors import LeaseLost
from footage.coverage import Coverage
from footage.recording import Recording
from footage.segments import Segment
from storage import tables
from storage.jobs.recordings import as_footage
from storage.jobs.states import BACK, advance, change, lock, lock_analysis_of, quarantine, ran_out
from storage.tables import State
from storage.vectors.appearances import Presence, replace_sightings

MAX_ATTEMPTS = 3
_SEGMENT = tables.Segment


@dataclass(frozen=True, slots=True)
class ClaimedSegment:
    """Everything a worker needs to process the segment it has claimed."""

    id: int
    analysis_id: int
    origin_id: int | None
    """The analysis whose crops are re-embedded; None if footage is processed."""
    recording_id: int
    attempt: int
    """Counted from 1."""
    plan_key: str
    plan_body: str
    sha256: str
    modified_ns: int
    object_tag: str | None
    recording: Recording
    """As probed, without its keyframes, which are not stored."""
    segment: Segment


def claim(
    session: Session, segment_id: int, owner: str, lease_seconds: float, now: datetime
) -> ClaimedSegment | None:
    """Claim a segment that is queued, or whose lease expired, and count the attempt.

    `owner` names this one run: no two runs, even of one process, may share it. Returns None if
    another run holds the segment, it has ended, or it has had `MAX_ATTEMPTS`.
    """
    analysis = lock_analysis_of(session, segment_id)
    if analysis is None:
        return None
    claimable = or_(
        col(_SEGMENT.state) == State.WAITING,
        and_(ran_out(now), col(_SEGMENT.attempts) < MAX_ATTEMPTS),
    )
    taken = change(
        session,
        and_(col(_SEGMENT.id) == segment_id, claimable),
        state=State.RUNNING,
        attempts=col(_SEGMENT.attempts) + 1,
        lease_owner=owner,
        lease_until=now + timedelta(seconds=lease_seconds),
        started_at=now,
    )
    if not taken:
        return None
    if analysis.state is State.WAITING:
        analysis.state = State.RUNNING
    return _claimed(session, segment_id)


def heartbeat(
    session: Session, segment_id: int, owner: str, lease_seconds: float, now: datetime
) -> bool:
    """Extend the lease; False if this owner no longer holds the segment and should stop."""
    lease_until = now + timedelta(seconds=lease_seconds)
    return bool(change(session, _held(segment_id, owner), lease_until=lease_until))


def finish(
    session: Session,
    segment_id: int,
    owner: str,
    coverage: Coverage,
    sightings: Sequence[Presence],
    now: datetime,
) -> bool:
    """Store a segment's results and mark it as done; True if no segment is left open.

    The analysis is then ready to be matched, and the caller dispatches that after the commit. An
    expired lease still counts as long as no one else has claimed the segment. Raises LeaseLost.
    """
    analysis = close(
        session,
        segment_id,
        owner,
        now,
        decoded_frames=coverage.decoded_frames,
        sampled_frames=coverage.sampled_frames,
        decoded_ms=coverage.decoded_ms,
        gaps=[list(gap) for gap in coverage.gaps],
        faces=sum(seen.faces for seen in sightings),
    )
    replace_sightings(session, segment_id, sightings)
    return advance(session, analysis)


def close(
    session: Session, segment_id: int, owner: str, now: datetime, **counts: Any
) -> tables.Analysis:
    """Mark a segment as done, store its counts, and lock its analysis until the commit.

    `counts` are columns of the segment by name. The caller stores the results. Returns the
    analysis. Raises LeaseLost.
    """
    analysis = lock_analysis_of(session, segment_id)
    done_by_us = and_(col(_SEGMENT.state) == State.DONE, _is_owner(segment_id, owner))
    which = or_(_held(segment_id, owner), done_by_us)
    ended: dict[str, Any] = {"state": State.DONE, "lease_until": None, "finished_at": now}
    finished = change(session, which, **ended, **counts, reason=None)
    if analysis is None or not finished:
        raise _lost(segment_id)
    return analysis


def release(session: Session, segment_id: int, owner: str, reason: str | None = None) -> bool:
    """Release a segment that did not fail, as in an orderly stop: the attempt does not count.

    Returns False if this owner no longer held it.
    """
    attempts = col(_SEGMENT.attempts) - 1
    values = BACK if reason is None else BACK | {"reason": reason}
    return bool(change(session, _held(segment_id, owner), **values, attempts=attempts))


def record_failure(
    session: Session, segment_id: int, owner: str, reason: str, permanent: bool
) -> bool:
    """Release a segment that failed; after the last attempt, or if `permanent`, quarantine it.

    Returns whether no segment of the analysis is left open, as `finish` does. Raises LeaseLost.
    """
    analysis = lock_analysis_of(session, segment_id)
    held = _held(segment_id, owner)
    hopeless = held if permanent else and_(held, col(_SEGMENT.attempts) >= MAX_ATTEMPTS)
    changed = quarantine(session, hopeless, reason) or change(session, held, **BACK, reason=reason)
    if analysis is None or not changed:
        raise _lost(segment_id)
    return advance(session, analysis)


def may_match(session: Session, analysis_id: int) -> bool:
    """Lock an analysis until the commit; False if it was cancelled or no longer exists."""
    analyses = lock(session, col(tables.Analysis.id) == analysis_id)
    return any(analysis.state is not State.CANCELLED for analysis in analyses)


def conclude(session: Session, analysis_id: int, now: datetime) -> State:
    """End an analysis that was matched; returns its state: done, gaps or failed.

    An analysis that is not `matching` is left as it is.
    """
    (analysis,) = lock(session, col(tables.Analysis.id) == analysis_id)
    if analysis.state is State.MATCHING:
        segments = session.exec(select(_SEGMENT).where(col(_SEGMENT.analysis_id) == analysis_id))
        ending = _ending(session, analysis, segments.all())
        analysis.state, analysis.finished_at = ending, now
    return analysis.state


def _ending(
    session: Session, analysis: tables.Analysis, segments: Sequence[tables.Segment]
) -> State:
    if analysis.origin_id is None:
        if session.get_one(tables.Plan, analysis.plan_key).cut_by is not None:
            return State.GAPS  # none of the footage was processed
        return _ending_of_footage(segments)
    ending = _ending_of_crops(segments)
    # The gaps of the analysis that the crops come from remain gaps.
    origin = session.get_one(tables.Analysis, analysis.origin_id)
    return State.GAPS if ending is State.DONE and origin.state is State.GAPS else ending


def _ending_of_footage(segments: Sequence[tables.Segment]) -> State:
    if not any(segment.decoded_frames for segment in segments):
        return State.FAILED
    if any(segment.state is State.QUARANTINED or segment.gaps for segment in segments):
        return State.GAPS
    return State.DONE


def _ending_of_crops(segments: Sequence[tables.Segment]) -> State:
    if segments and not any(segment.faces for segment in segments):
        return State.FAILED
    if any(segment.faces < segment.sampled_frames for segment in segments):
        return State.GAPS
    quarantined = any(segment.state is State.QUARANTINED for segment in segments)
    return State.GAPS if quarantined else State.DONE


def _is_owner(segment_id: int, owner: str) -> ColumnElement[bool]:
    return and_(col(_SEGMENT.id) == segment_id, col(_SEGMENT.lease_owner) == owner)


def _held(segment_id: int, owner: str) -> ColumnElement[bool]:
    return and_(col(_SEGMENT.state) == State.RUNNING, _is_owner(segment_id, owner))


def _claimed(session: Session, segment_id: int) -> ClaimedSegment:
    statement = (
        select(_SEGMENT, tables.Analysis, tables.Recording, tables.Plan)
        .join(tables.Analysis, col(_SEGMENT.analysis_id) == tables.Analysis.id)
        .join(tables.Recording)
        .join(tables.Plan)
        .where(col(_SEGMENT.id) == segment_id)
        .execution_options(populate_existing=True)
    )
    segment, analysis, recording, plan = session.exec(statement).one()
    return ClaimedSegment(
        id=segment.id,
        analysis_id=analysis.id,
        origin_id=analysis.origin_id,
        recording_id=recording.id,
        attempt=segment.attempts,
        plan_key=plan.key,
        plan_body=plan.body,
        sha256=recording.sha256,
        modified_ns=recording.modified_ns,
        object_tag=recording.object_tag,
        recording=as_footage(recording),
        segment=Segment(
            index=segment.index,
            start_ms=segment.start_ms,
            end_ms=segment.end_ms,
            start_pts=segment.start_pts,
            end_pts=segment.end_pts,
        ),
    )


def _lost(segment_id: int) -> LeaseLost:
    return LeaseLost(
        f"Segment {segment_id} has been given to another worker; this result is dropped."
    )
