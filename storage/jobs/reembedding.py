"""Re-embed stored crops with another engine, as jobs in the ledger.

An analysis re-embeds the crops of another one, its *origin*, with another engine; its segments are
portions of the origin's appearances. Claims, leases, attempts, quarantine, priorities and pauses
work as for all segments. The vectors are stored beside those of the first engine.
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
"""Per segment: half a minute's work on one core if no face has to be detected."""


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
    """Finished analyses of footage that this engine has not processed, and of imports, by other
    engines; only of one case's footage, if given. Includes those already re-embedded."""
    processed = (
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
            # An engine that processed the footage has not embedded the faces imported to it.
            or_(col(Analysis.recording_id).not_in(processed), is_imported()),
        )
        .order_by(col(Analysis.id))
    )
    if case_id is not None:
        of_case = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case_id)
        statement = statement.where(col(Analysis.recording_id).in_(of_case))
    return [Origin(*row) for row in session.exec(statement)]


def ask(session: Session, origin: Origin, *, plan_key: str, plan_body: str, now: datetime) -> int:
    """Queue the re-embedding of an origin's crops under a plan; asking twice changes nothing.

    Returns the id of the analysis that re-embeds them.
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
    """Queue all of an origin's crops again, because its appearances have changed.

    A worker that processes one of the old segments loses its lease and can no longer commit.
    """
    for analysis in lock(session, col(Analysis.origin_id) == origin_id):
        if analysis.state is State.CANCELLED:
            continue
        session.exec(delete(Segment).where(col(Segment.analysis_id) == analysis.id))
        _forget(session, Omission, analysis)
        analysis.match_asked_at = analysis.finished_at = None
        _divide(session, analysis)


def drop(session: Session, analysis: Analysis) -> None:
    """Delete the vectors, omissions and candidates made by a re-embedding analysis."""
    for table in (Embedding, Omission, Candidate):
        _forget(session, table, analysis)


def origin_of(session: Session, analysis_id: int) -> int | None:
    """The analysis whose crops an analysis re-embeds; None if it processes footage."""
    return session.exec(select(Analysis.origin_id).filter_by(id=analysis_id)).first()


def seen_in(session: Session, analysis_id: int) -> int:
    """The analysis that has the appearances of an analysis: itself, or the one whose crops it
    re-embeds."""
    return origin_of(session, analysis_id) or analysis_id


def kept(session: Session, origin_id: int, portion: int | None = None) -> list[Kept]:
    """The appearances of an origin, in order, or those of one portion (a segment's index)."""
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
    """Store the vectors of a portion's appearances, and the reasons for omissions, and mark the
    segment as done.

    `vectors` and `omissions` are keyed by appearance id; `crops` is the number of pictures that
    could be read. Returns whether no segment is left open, as `ledger.finish` does. Raises
    LeaseLost.
    """
    tried = len(vectors) + len(omissions)
    # A concurrent cancel, purge or join waits for these locks, or its effect is seen below. The
    # origin first, since analyses are always locked in the order of their ids.
    lock(session, col(Analysis.id) == origin_id)
    analysis = close(
        session, segment_id, owner, now,
        decoded_frames=crops, sampled_frames=tried, faces=len(vectors),
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
    # Without segments, no last segment would ever start the matching.
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
