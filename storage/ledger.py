"""The ledger: which segment is whose, and how far each analysis has come.

A segment is taken by a lease. Whoever holds the lease may commit the segment's rows, in the one
transaction that also says it is done; whoever lost it may not. So a segment may be worked on
twice, and its results are there once. Every change of a segment's state locks its analysis first:
of two workers that finish the last two segments at once, exactly one is told that it was the last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, update
from sqlmodel import Session, col, select

from errors import LeaseLost
from footage.coverage import Coverage
from footage.recording import Recording
from footage.segments import Segment
from storage import tables
from storage.appearances import Presence, replace_sightings
from storage.recordings import as_footage
from storage.tables import State

MAX_ATTEMPTS = 3
OPEN = (State.WAITING, State.RUNNING)
_SEGMENT = tables.Segment
_BACK = {"state": State.WAITING, "lease_owner": None, "lease_until": None, "asked_at": None}


@dataclass(frozen=True, slots=True)
class ClaimedSegment:
    """Everything a worker needs to look at the segment it has taken."""

    id: int
    analysis_id: int
    attempt: int
    """1 for the first."""
    plan_key: str
    plan_body: str
    sha256: str
    modified_ns: int
    recording: Recording
    """As it was probed; its keyframes are not kept."""
    segment: Segment


def claim(
    session: Session, segment_id: int, owner: str, lease_seconds: float, now: datetime
) -> ClaimedSegment | None:
    """Take a segment that is waiting, or whose lease ran out, and count the attempt.

    `owner` names this one run: no two runs, even of one process, may share it. None when the
    segment is someone else's, has ended, or has been tried too often.
    """
    analysis = _lock_analysis_of(session, segment_id)
    if analysis is None:
        return None
    ran_out = and_(_ran_out(now), col(_SEGMENT.attempts) < MAX_ATTEMPTS)
    claimable = or_(col(_SEGMENT.state) == State.WAITING, ran_out)
    taken = _change(
        session,
        and_(col(_SEGMENT.id) == segment_id, claimable),
        state=State.RUNNING,
        attempts=col(_SEGMENT.attempts) + 1,
        lease_owner=owner,
        lease_until=now + timedelta(seconds=lease_seconds),
    )
    if not taken:
        return None
    if analysis.state is State.WAITING:
        analysis.state = State.RUNNING
    return _claimed(session, segment_id)


def heartbeat(
    session: Session, segment_id: int, owner: str, lease_seconds: float, now: datetime
) -> bool:
    """Extend the lease; False when the segment is no longer this owner's, who should stop."""
    lease_until = now + timedelta(seconds=lease_seconds)
    return bool(_change(session, _held(segment_id, owner), lease_until=lease_until))


def finish(
    session: Session,
    segment_id: int,
    owner: str,
    coverage: Coverage,
    sightings: Sequence[Presence],
    now: datetime,
) -> bool:
    """Store what was seen and call the segment done; True when no segment is left open.

    Then the analysis waits to be matched, and the caller asks for that after the commit. A lease
    that ran out still counts while nobody else has taken the segment. Raises LeaseLost.
    """
    analysis = _lock_analysis_of(session, segment_id)
    done_by_us = and_(col(_SEGMENT.state) == State.DONE, _is_owner(segment_id, owner))
    finished = _change(
        session,
        or_(_held(segment_id, owner), done_by_us),
        state=State.DONE,
        lease_until=None,
        finished_at=now,
        decoded_frames=coverage.decoded_frames,
        sampled_frames=coverage.sampled_frames,
        decoded_ms=coverage.decoded_ms,
        gaps=[list(gap) for gap in coverage.gaps],
        faces=sum(seen.faces for seen in sightings),
        reason=None,
    )
    if analysis is None or not finished:
        raise _lost(segment_id)
    replace_sightings(session, segment_id, sightings)
    return _advance(session, analysis)


def give_back(session: Session, segment_id: int, owner: str) -> bool:
    """Let go of a segment in an orderly stop: the attempt does not count.

    False when it was not this owner's any more.
    """
    attempts = col(_SEGMENT.attempts) - 1
    return bool(_change(session, _held(segment_id, owner), **_BACK, attempts=attempts))


def record_failure(
    session: Session, segment_id: int, owner: str, reason: str, permanent: bool
) -> bool:
    """Let go of a segment that failed; after the last attempt, or at once if permanent, for good.

    Returns whether no segment of the analysis is left open, as `finish` does. Raises LeaseLost.
    """
    analysis = _lock_analysis_of(session, segment_id)
    held = _held(segment_id, owner)
    hopeless = held if permanent else and_(held, col(_SEGMENT.attempts) >= MAX_ATTEMPTS)
    changed = _quarantine(session, hopeless, reason) or _change(
        session, held, **_BACK, reason=reason
    )
    if analysis is None or not changed:
        raise _lost(segment_id)
    return _advance(session, analysis)


def retry(session: Session, analysis_id: int) -> list[int]:
    """Give an analysis's quarantined segments another chance, their attempts counted anew.

    Returns their ids, to be asked for; the analysis is matched again once they have ended.
    """
    quarantined = and_(
        col(_SEGMENT.analysis_id) == analysis_id, col(_SEGMENT.state) == State.QUARANTINED
    )
    for analysis in _lock(session, col(tables.Analysis.id) == analysis_id):
        given_back = _change(session, quarantined, **_BACK, attempts=0)
        if given_back:
            analysis.state, analysis.match_asked_at = State.RUNNING, None
        return given_back
    return []


def expired(session: Session, now: datetime) -> list[int]:
    """Take segments from workers that fell silent; returns the ids to be asked for again.

    A segment that silenced its worker at every attempt is quarantined instead.
    """
    silenced = select(_SEGMENT.analysis_id).where(_ran_out(now))
    analyses = _lock(session, col(tables.Analysis.id).in_(silenced))
    ran_out = and_(_ran_out(now), col(_SEGMENT.analysis_id).in_([a.id for a in analyses]))
    hopeless = and_(ran_out, col(_SEGMENT.attempts) >= MAX_ATTEMPTS)
    _quarantine(session, hopeless, f"The worker died {MAX_ATTEMPTS} times on this segment.")
    given_back = _change(session, ran_out, **_BACK)
    for analysis in analyses:
        _advance(session, analysis)
    return given_back


def conclude(session: Session, analysis_id: int, now: datetime) -> State:
    """End an analysis that was matched, and say how: done, gaps or failed.

    One that is not `matching` is left as it is.
    """
    (analysis,) = _lock(session, col(tables.Analysis.id) == analysis_id)
    if analysis.state is State.MATCHING:
        segments = session.exec(select(_SEGMENT).where(col(_SEGMENT.analysis_id) == analysis_id))
        analysis.state, analysis.finished_at = _ending(segments.all()), now
    return analysis.state


def _ending(segments: Sequence[tables.Segment]) -> State:
    if not any(segment.decoded_frames for segment in segments):
        return State.FAILED
    if any(segment.state is State.QUARANTINED or segment.gaps for segment in segments):
        return State.GAPS
    return State.DONE


def _lock_analysis_of(session: Session, segment_id: int) -> tables.Analysis | None:
    of_segment = select(_SEGMENT.analysis_id).where(col(_SEGMENT.id) == segment_id)
    return next(iter(_lock(session, col(tables.Analysis.id).in_(of_segment))), None)


def _lock(session: Session, which: ColumnElement[bool]) -> Sequence[tables.Analysis]:
    # In the order of ids, so that two who lock several cannot wait for each other.
    statement = (
        select(tables.Analysis)
        .where(which)
        .order_by(col(tables.Analysis.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return session.exec(statement).all()


def _is_owner(segment_id: int, owner: str) -> ColumnElement[bool]:
    return and_(col(_SEGMENT.id) == segment_id, col(_SEGMENT.lease_owner) == owner)


def _held(segment_id: int, owner: str) -> ColumnElement[bool]:
    return and_(col(_SEGMENT.state) == State.RUNNING, _is_owner(segment_id, owner))


def _ran_out(now: datetime) -> ColumnElement[bool]:
    return and_(col(_SEGMENT.state) == State.RUNNING, col(_SEGMENT.lease_until) <= now)


def _change(session: Session, which: ColumnElement[bool], **values: Any) -> list[int]:
    statement = update(_SEGMENT).where(which).values(**values).returning(col(_SEGMENT.id))
    return sorted(id for (id,) in session.exec(statement))


def _quarantine(session: Session, which: ColumnElement[bool], reason: str) -> list[int]:
    return _change(session, which, state=State.QUARANTINED, lease_until=None, reason=reason)


def _advance(session: Session, analysis: tables.Analysis) -> bool:
    open_segments = session.exec(
        select(func.count()).where(
            col(_SEGMENT.analysis_id) == analysis.id, col(_SEGMENT.state).in_(OPEN)
        )
    ).one()
    if not open_segments and analysis.state in OPEN:
        analysis.state = State.MATCHING
    return not open_segments


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
        attempt=segment.attempts,
        plan_key=plan.key,
        plan_body=plan.body,
        sha256=recording.sha256,
        modified_ns=recording.modified_ns,
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
