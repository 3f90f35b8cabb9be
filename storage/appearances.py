"""Who was seen when: sightings inside one segment, and appearances joined from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlmodel import Session, col, select

from faces.face import Box
from storage import tables
from storage.upsert import insert_or_update
from storage.vectors import matrix


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
    session: Session, analysis_id: int, joined: Sequence[Presence]
) -> list[int]:
    """Make these the appearances of an analysis, in this order; returns their ids.

    The ids of ordinals that stay are kept, so that what refers to them survives.
    """
    return _replace(session, tables.Appearance, "analysis_id", analysis_id, joined)


def appearance_vectors(session: Session, *, engine: str) -> tuple[list[int], NDArray[np.float32]]:
    """The ids of every appearance that an engine embedded, and their vectors [n, d]."""
    statement = (
        select(tables.Appearance.id, col(tables.Appearance.vector))
        .join(tables.Analysis)
        .join(tables.Plan)
        .where(col(tables.Plan.engine) == engine)
        .order_by(col(tables.Appearance.id))
    )
    found = session.exec(statement).all()
    return [id for id, _ in found], matrix([vector for _, vector in found])


def _replace(
    session: Session,
    table: type[tables.Sighting] | type[tables.Appearance],
    parent: str,
    parent_id: int,
    presences: Sequence[Presence],
) -> list[int]:
    rows = [
        {parent: parent_id, "ordinal": ordinal, **_columns(presence)}
        for ordinal, presence in enumerate(presences)
    ]
    insert_or_update(session, table, rows, key=[parent, "ordinal"])
    surplus = delete(table).filter_by(**{parent: parent_id})
    session.exec(surplus.where(col(table.ordinal) >= len(rows)))
    statement = select(table.id).filter_by(**{parent: parent_id})
    return list(session.exec(statement.order_by(col(table.ordinal))))


def _columns(presence: Presence) -> dict[str, Any]:
    return {
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
        "vector": presence.vector,
        "crops": list(presence.crops),
    }


def _presence(row: tables.Sighting | tables.Appearance) -> Presence:
    return Presence(
        start_ms=row.start_ms,
        end_ms=row.end_ms,
        best_ms=row.best_ms,
        box=Box(row.box_x, row.box_y, row.box_width, row.box_height),
        score=row.score,
        quality=row.quality,
        faces=row.faces,
        vector=row.vector,
        crops=tuple(row.crops),
    )
