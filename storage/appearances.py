"""Who was seen when: sightings inside one segment, and appearances joined from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from faces.face import Box
from storage import tables
from storage.embeddings import keep_vectors
from storage.upsert import insert_or_update


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One person's unbroken presence, its pictures known by their names in the media store."""

    start_ms: int
    end_ms: int
    best_ms: int
    box: Box
    """Where the face is at `best_ms`."""
    score: float
    quality: float
    faces: int
    """How many sampled frames show it."""
    vector: NDArray[np.float32]
    crops: tuple[str, ...]
    """Best first."""


def sightings(session: Session, analysis_id: int) -> list[tuple[int, Presence]]:
    """Every sighting of an analysis with its segment's index, in order of time."""
    statement = (
        select(tables.Segment.index, tables.Sighting)
        .join(tables.Sighting)
        .where(col(tables.Segment.analysis_id) == analysis_id)
        .order_by(col(tables.Segment.index), col(tables.Sighting.ordinal))
    )
    return [(index, _presence(row)) for index, row in session.exec(statement)]


def replace_sightings(session: Session, segment_id: int, seen: Sequence[Presence]) -> None:
    """Make these the sightings of a segment, in this order."""
    _replace(session, tables.Sighting, "segment_id", segment_id, seen)


def replace_appearances(
    session: Session,
    analysis_id: int,
    joined: Sequence[Presence],
    *,
    weights_sha256: str | None = None,
) -> list[int]:
    """Make these the appearances of an analysis, in this order; returns their ids.

    Their vectors are those of the plan's engine, with these weights. An id goes on with what it
    meant, whatever its place in the order, so that what refers to it survives and never comes to
    speak of somebody else; vectors that other engines made of something else go.
    """
    _follow(session, analysis_id, joined)
    before = _own_vectors(session, analysis_id)
    ids = _replace(session, tables.Appearance, "analysis_id", analysis_id, joined)
    vectors = [one.vector for one in joined]
    for id, vector in zip(ids, vectors, strict=True):
        if id in before and not np.array_equal(before[id], vector):
            session.exec(delete(tables.Embedding).where(col(tables.Embedding.appearance_id) == id))
    engine = session.exec(_plan_engine(analysis_id)).one()
    keep_vectors(session, ids, vectors, engine=engine, weights_sha256=weights_sha256)
    return ids


def _follow(session: Session, analysis_id: int, joined: Sequence[Presence]) -> None:
    """Give each appearance that stays the ordinal it will have; the others go, where any moves."""
    statement = select(tables.Appearance).filter_by(analysis_id=analysis_id)
    rows = session.exec(statement.order_by(col(tables.Appearance.ordinal))).all()
    # An appearance is known by when and where its best face was seen.
    places = {(one.best_ms, one.box): place for place, one in enumerate(joined)}
    found = {row.id: places.pop((row.best_ms, _box(row)), None) for row in rows}
    if all(found[row.id] == row.ordinal for row in rows):
        return
    for row in rows:  # first out of each other's way
        row.ordinal = -row.id
    session.flush()
    for row in rows:
        place = found[row.id]
        if place is None:
            session.delete(row)
        else:
            row.ordinal = place
    session.flush()


def _box(row: tables.Sighting | tables.Appearance) -> Box:
    return Box(row.box_x, row.box_y, row.box_width, row.box_height)


def _plan_engine(analysis_id: int) -> SelectOfScalar[str]:
    of_analysis = select(tables.Plan.engine).join(tables.Analysis)
    return of_analysis.where(col(tables.Analysis.id) == analysis_id)


def _own_vectors(session: Session, analysis_id: int) -> dict[int, NDArray[np.float32]]:
    """The vectors of the plan's engine, by appearance."""
    statement = (
        select(tables.Embedding.appearance_id, col(tables.Embedding.vector))
        .join(tables.Appearance)
        .where(
            col(tables.Appearance.analysis_id) == analysis_id,
            col(tables.Embedding.engine).in_(_plan_engine(analysis_id)),
        )
    )
    return dict(session.exec(statement).all())


def _replace(
    session: Session,
    table: type[tables.Sighting] | type[tables.Appearance],
    parent: str,
    parent_id: int,
    presences: Sequence[Presence],
) -> list[int]:
    rows = [
        {parent: parent_id, "ordinal": ordinal, **_columns(presence, table)}
        for ordinal, presence in enumerate(presences)
    ]
    insert_or_update(session, table, rows, key=[parent, "ordinal"])
    surplus = delete(table).filter_by(**{parent: parent_id})
    session.exec(surplus.where(col(table.ordinal) >= len(rows)))
    statement = select(table.id).filter_by(**{parent: parent_id})
    return list(session.exec(statement.order_by(col(table.ordinal))))


def _columns(
    presence: Presence, table: type[tables.Sighting] | type[tables.Appearance]
) -> dict[str, Any]:
    columns = {
        "start_ms": presence.start_ms,
        "end_ms": presence.end_ms,
        "best_ms": presence.best_ms,
        "box_x": presence.box.x,
        "box_y": presence.box.y,
        "box_width": presence.box.width,
        "box_height": presence.box.height,
        "score": presence.score,
        "quality": presence.quality,
        "faces": presence.faces,
        "crops": list(presence.crops),
    }
    return columns | ({"vector": presence.vector} if table is tables.Sighting else {})


def _presence(row: tables.Sighting) -> Presence:
    return Presence(
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        best_ms=row.best_ms,
        box=_box(row),
        score=row.score,
        quality=row.quality,
        faces=row.faces,
        vector=row.vector,
        crops=tuple(row.crops),
    )
