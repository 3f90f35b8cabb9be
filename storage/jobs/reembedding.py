"""Kept crops re-embedded by another engine, as work of the ledger.

One analysis stands for the crops of another, its *origin*, and the engine that looks at them; its
segments are portions of the origin's appearances. Claims, leases, attempts, quarantine, priorities
and pauses are those of all segments. The vectors stand beside those of the engine that was first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import and_, delete, or_
from sqlmodel import Session, col, select

from faces.vectors import Vectors
from storage.database.upsert import insert_if_new, insert_or_update
from storage.jobs.ledger import close
from storage.jobs.plans import remember_plan
from storage.jobs.states import SEARCHABLE, advance, is_footage, is_imported, is_of_crops, lock
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    CaseRecording,
    Embedding,
    Omission,
    Plan,
    Recording,
    Segment,
    State,
)
from storage.vectors.embeddings import keep_vectors

APPEARANCES_AT_ONCE = 200
"""In one segment: half a minute's work on a core where no face need be looked for."""


@dataclass(frozen=True, slots=True)
class Origin:
    """An analysis whose crops can be re-embedded."""

    analysis_id: int
    recording_id: int
    plan_body: str


@dataclass(frozen=True, slots=True)
class Kept:
    """An appearance and the names of its crops, best first."""

    appearance_id: int
    crops: tuple[str, ...]


def origins(session: Session, engine: str, *, case_id: int | None = None) -> list[Origin]:
    """What other engines have watched to the end and this one has not, of one case's footage if
    given; re-embedded or not."""
    seen_by_it = (
        select(Analysis.recording_id)
        .join(Plan)
        .where(col(Plan.engine) == engine, is_footage(), col(Analysis.state).in_(SEARCHABLE))
    )
    statement = (
        select(Analysis.id, Analysis.recording_id, Plan.body)
        .join(Plan)
        .where(
            col(Plan.engine) != engine,
            ~is_of_crops(),
            col(Analysis.state).in_(SEARCHABLE),
            # Whoever watched the footage has not seen what others cut from it.
            or_(col(Analysis.recording_id).not_in(seen_by_it), is_imported()),
        )
        .order_by(col(Analysis.id))
    )
    if case_id is not None:
        of_case = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case_id)
        statement = statement.where(col(Analysis.recording_id).in_(of_case))
    return [Origin(*row) for row in session.exec(statement)]


def ask(session: Session, origin: Origin, *, plan_key: str, plan_body: str, now: datetime) -> int:
    """Have a origin's crops re-embedded under a plan; asking twice changes nothing.

    Returns the id of the analysis that stands for it.
    """
    remember_plan(session, plan_key, plan_body)
    key = {"recording_id": origin.recording_id, "plan_key": plan_key}
    values = {"state": State.WAITING, "asked_at": now, "origin_id": origin.analysis_id}
    is_new = insert_if_new(session, Analysis, **key, **values)
    analysis = session.exec(select(Analysis).filter_by(**key)).one()
    if is_new:
        _divide(session, analysis)
    return analysis.id


def ask_again(session: Session, origin_id: int) -> None:
    """Re-embed all of an origin's crops once more: its appearances have changed.

    Whoever is at one of its segments has lost the lease, and can write nothing any more.
    """
    for analysis in lock(session, col(Analysis.origin_id) == origin_id):
        if analysis.state is State.CANCELLED:
            continue
        session.exec(delete(Segment).where(col(Segment.analysis_id) == analysis.id))
        _forget(session, Omission, analysis)
        analysis.match_asked_at = analysis.finished_at = None
        _divide(session, analysis)


def drop(session: Session, analysis: Analysis) -> None:
    """Forget what an engine has made of the crops that an analysis stands for."""
    for table in (Embedding, Omission, Candidate):
        _forget(session, table, analysis)


def origin_of(session: Session, analysis_id: int) -> int | None:
    """The analysis whose crops an analysis re-embeds; None where it processes footage."""
    return session.exec(select(Analysis.origin_id).filter_by(id=analysis_id)).first()


def kept(session: Session, origin_id: int, portion: int | None = None) -> list[Kept]:
    """The appearances of a origin, in order, or those of one portion (a segment's index)."""
    statement = select(Appearance.id, col(Appearance.crops)).filter_by(analysis_id=origin_id)
    if portion is not None:
        first = portion * APPEARANCES_AT_ONCE
        within = col(Appearance.ordinal).between(first, first + APPEARANCES_AT_ONCE - 1)
        statement = statement.where(within)
    rows = session.exec(statement.order_by(col(Appearance.ordinal)))
    return [Kept(id, tuple(crops)) for id, crops in rows]


def finish(
    session: Session,
    segment_id: int,
    owner: str,
    origin_id: int,
    vectors: Mapping[int, Vectors],
    omissions: Mapping[int, str],
    *,
    engine: str,
    weights_sha256: str,
    crops: int,
    now: datetime,
) -> bool:
    """Store the vectors of a portion's appearances, say of the others why they have none, and call
    the segment done; `crops` is how many pictures could be read.

    Returns whether no segment is left open, as `ledger.finish` does. Raises LeaseLost.
    """
    looked_at = len(vectors) + len(omissions)
    # What is cancelled, purged or joined again meanwhile waits for this, or is found to be gone.
    # The origin first, since analyses are always locked in the order of their ids.
    lock(session, col(Analysis.id) == origin_id)
    analysis = close(
        session, segment_id, owner, now,
        decoded_frames=crops, sampled_frames=looked_at, faces=len(vectors),
    )  # fmt: skip
    there = set(session.exec(select(Appearance.id).filter_by(analysis_id=origin_id)))
    ids = [id for id in vectors if id in there]
    keep_vectors(
        session, ids, [vectors[id] for id in ids], engine=engine, weights_sha256=weights_sha256
    )
    _forget_among(session, Omission, engine, list(vectors))
    _forget_among(session, Embedding, engine, list(omissions))
    rows = [
        {"appearance_id": id, "engine": engine, "reason": reason}
        for id, reason in omissions.items()
        if id in there
    ]
    insert_or_update(session, Omission, rows, key=["appearance_id", "engine"])
    return advance(session, analysis)


def _divide(session: Session, analysis: Analysis) -> None:
    statement = sqlalchemy.select(col(Appearance.start_ms)).filter_by(
        analysis_id=analysis.origin_id
    )
    starts = session.execute(statement.order_by(col(Appearance.ordinal))).scalars().all()
    borders = list(starts[::APPEARANCES_AT_ONCE])
    length = select(Recording.duration_ms).where(col(Recording.id) == analysis.recording_id)
    ends = [*borders[1:], max(session.exec(length).one(), *starts[-1:])]
    session.add_all(
        Segment(analysis_id=analysis.id, index=index, start_ms=start_ms, end_ms=end_ms)
        for index, (start_ms, end_ms) in enumerate(zip(borders, ends, strict=False))
    )
    # Without a segment nobody would ever be the last to finish one.
    analysis.state = State.WAITING if borders else State.MATCHING
    session.flush()


def _forget(session: Session, table: Any, analysis: Analysis) -> None:
    engine = select(Plan.engine).where(col(Plan.key) == analysis.plan_key).scalar_subquery()
    of_origin = select(Appearance.id).where(col(Appearance.analysis_id) == analysis.origin_id)
    gone = and_(col(table.engine) == engine, col(table.appearance_id).in_(of_origin))
    session.exec(delete(table).where(gone))


def _forget_among(session: Session, table: Any, engine: str, appearance_ids: Sequence[int]) -> None:
    if appearance_ids:
        gone = and_(col(table.engine) == engine, col(table.appearance_id).in_(appearance_ids))
        session.exec(delete(table).where(gone))
