"""Where recordings were last seen."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.database.batches import batches
from storage.tables import Recording


@dataclass(frozen=True, slots=True)
class Place:
    """The file a recording is read from, as it was when it was added."""

    path: str
    """May hold surrogate escapes: names on disk are bytes."""
    size_bytes: int
    modified_ns: int


def place_of(session: Session, sha256: str) -> Place | None:
    """Where the recording of these bytes is; None when there is none."""
    row = session.exec(_COLUMNS.where(col(Recording.sha256) == sha256)).first()
    return _place(*row) if row else None


def places_of_sizes(session: Session, sizes: Collection[int]) -> list[Place]:
    """Where every recording is that has one of these sizes, bytes."""
    return [
        _place(*row)
        for some in batches(sizes)
        for row in session.exec(_COLUMNS.where(col(Recording.size_bytes).in_(some)))
    ]


_COLUMNS = select(Recording.path, Recording.size_bytes, Recording.modified_ns)


def _place(path: bytes, size_bytes: int, modified_ns: int) -> Place:
    return Place(os.fsdecode(path), size_bytes, modified_ns)
