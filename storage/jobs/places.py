"""The last known file of each recording."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.database.batches import batches
from storage.tables import Recording


@dataclass(frozen=True, slots=True)
class Place:
    """The file a recording is read from, as it was when added."""

    path: str
    """May contain surrogate escapes: names on disk are bytes."""
    size_bytes: int
    modified_ns: int


def place_of(session: Session, sha256: str) -> Place | None:
    """The file of the recording with this sha256; None if there is no such recording."""
    row = session.exec(_COLUMNS.where(col(Recording.sha256) == sha256)).first()
    return _place(*row) if row else None


def places_of_sizes(session: Session, sizes: Collection[int]) -> list[Place]:
    """The files of all recordings with one of these sizes, in bytes."""
    return [
        _place(*row)
        for batch in batches(sizes)
        for row in session.exec(_COLUMNS.where(col(Recording.size_bytes).in_(batch)))
    ]


_COLUMNS = select(Recording.path, Recording.size_bytes, Recording.modified_ns)


def _place(path: bytes, size_bytes: int, modified_ns: int) -> Place:
    return Place(os.fsdecode(path), size_bytes, modified_ns)
