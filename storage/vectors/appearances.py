"""Sightings inside one segment, and the appearances joined from them."""

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
    """One person's continuous presence; its crops are given by their names in the media store."""

    start_ms: int
    end_ms: int
    best_ms: int
    box: Box
    """Bounding box of the face at `best_ms`."""
    score: float
    quality: float
    faces: int
    """Number of sampled frames with the face."""
    vector: NDArray[np.float32]
    crops: tuple[str, ...]
    """Best first."""


def sightings(session: Session, analysis_id: int) -> list[tuple[int, Presence]]:
    """All sightings of an analysis as (segment index, sighting), in order of time."""
    statement = (
        select(tables.Segment.index, tables.Sighting)
        .join(tables.Sighting)
        .where(col(tables.Segment.analysis_id) == analysis_id)
        .order_by(col(tables.Segment.index), col(tables.Sighting.ordinal))
    )
    return [(index, _presence(row)) for index, row in session.exec(statement)]


def replace_sightings(session: Session, segment_id: int, seen: Sequence[Presence]) -> None:
    """Replace the sightings of a segment by these, in this order."""
    _replace(session, tables.Sighting, "segment_id", segment_id, seen)


def replace_appearances(
    session: Session,
    analysis_id: int,
    joined: Sequence[Presence],
    *,
    weights_sha256: str | None = None,
) -> list[int]:
    """Replace the appearances of an analysis by these, in this order; returns their ids.

    Their vectors are those of the plan's engine, with these weights. An appearance that stays
    keeps its id, whatever its place in the order, so that references to it survive and never come
    to mean another person. If its vector changed, other engines' vectors of it are deleted.
    """
    engine = session.exec(_plan_engine(analysis_id)).one()
    are_new = not _follow(session, analysis_id, joined)
    ids = _replace(session, tables.Appearance, "analysis_id", analysis_id, joined, are_new=are_new)
    vectors = [appearance.vector for appearance in joined]
    if not are_new:
        _forget_changed(session, dict(zip(ids, vectors, strict=True)), engine)
    keep_vectors(
        session, ids, vectors, engine=engine, weights_sha256=weights_sha256, are_new=are_new
    )
    return ids


def _follow(session: Session, analysis_id: int, joined: Sequence[Presence]) -> bool:
    """Set the new ordinals of appearances that stay and, if any changes, delete the others.

    Returns whether there were any appearances.
    """
    statement = select(tables.Appearance).filter_by(analysis_id=analysis_id)
    rows = session.exec(statement.order_by(col(tables.Appearance.ordinal))).all()
    # An appearance is identified by the time and box of its best face.
    places = {(seen.best_ms, seen.box): place for place, seen in enumerate(joined)}
    place_of = {row.id: places.pop((row.best_ms, _box(row)), None) for row in rows}
    if any(place_of[row.id] != row.ordinal for row in rows):
        _move(session, rows, place_of)
    return bool(rows)


def _move(
    session: Session, rows: Sequence[tables.Appearance], places: Mapping[int, int | None]
) -> None:
    for row in rows:  # ordinals are unique, so free them all first
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
    """Delete all engines' vectors of appearances whose vector by this engine has changed."""
    ids, vectors = vectors_of(session, np.array(list(seen), np.int64), engine=engine)
    stored = zip(ids.tolist(), vectors, strict=True)
    changed = [id for id, vector in stored if not np.array_equal(vector, seen[id])]
    for batch in batches(changed):
        of_these = col(tables.Embedding.appearance_id).in_(batch)
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
