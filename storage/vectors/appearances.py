"""Who was seen when: sightings inside one segment, and appearances joined from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from faces.face import Box
from storage import tables
from storage.database.batches import batches
from storage.database.upsert import insert_or_update
from storage.vectors.embeddings import keep_vectors, vectors_of


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
    engine = session.exec(_plan_engine(analysis_id)).one()
    are_new = not _follow(session, analysis_id, joined)
    ids = _replace(session, tables.Appearance, "analysis_id", analysis_id, joined, are_new=are_new)
    vectors = [one.vector for one in joined]
    if not are_new:
        _forget_changed(session, dict(zip(ids, vectors, strict=True)), engine)
    keep_vectors(
        session, ids, vectors, engine=engine, weights_sha256=weights_sha256, are_new=are_new
    )
    return ids


def _follow(session: Session, analysis_id: int, joined: Sequence[Presence]) -> bool:
    """Give each appearance that stays the ordinal it will have; the others go, where any moves.

    Returns whether there was any.
    """
    statement = select(tables.Appearance).filter_by(analysis_id=analysis_id)
    rows = session.exec(statement.order_by(col(tables.Appearance.ordinal))).all()
    # An appearance is known by when and where its best face was seen.
    places = {(one.best_ms, one.box): place for place, one in enumerate(joined)}
    found = {row.id: places.pop((row.best_ms, _box(row)), None) for row in rows}
    if any(found[row.id] != row.ordinal for row in rows):
        _move(session, rows, found)
    return bool(rows)


def _move(
    session: Session, rows: Sequence[tables.Appearance], places: Mapping[int, int | None]
) -> None:
    for row in rows:  # first out of each other's way
        row.ordinal = -row.id
    session.flush()
    for row in rows:
        place = places[row.id]
        if place is None:
            session.delete(row)
        else:
            row.ordinal = place
    session.flush()


def _forget_changed(session: Session, seen: Mapping[int, NDArray[np.float32]], engine: str) -> None:
    """Forget what every engine made of appearances that this one sees otherwise now."""
    ids, vectors = vectors_of(session, np.array(list(seen), np.int64), engine=engine)
    known = zip(ids.tolist(), vectors, strict=True)
    changed = [id for id, vector in known if not np.array_equal(vector, seen[id])]
    for some in batches(changed):
        of_these = col(tables.Embedding.appearance_id).in_(some)
        session.exec(delete(tables.Embedding).where(of_these))


def _box(row: tables.Sighting | tables.Appearance) -> Box:
    return Box(row.box_x, row.box_y, row.box_width, row.box_height)


def _plan_engine(analysis_id: int) -> SelectOfScalar[str]:
    of_analysis = select(tables.Plan.engine).join(tables.Analysis)
    return of_analysis.where(col(tables.Analysis.id) == analysis_id)


def _replace(
    session: Session,
    table: type[tables.Sighting] | type[tables.Appearance],
    parent: str,
    parent_id: int,
    presences: Sequence[Presence],
    *,
    are_new: bool = False,
) -> list[int]:
    rows = [
        {parent: parent_id, "ordinal": ordinal, **_columns(presence, table)}
        for ordinal, presence in enumerate(presences)
    ]
    insert_or_update(session, table, rows, key=[parent, "ordinal"], are_new=are_new)
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
