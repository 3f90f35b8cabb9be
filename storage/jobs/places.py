"""Where recordings were last seen."""

import os
from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from storage.tables import Recording

_MOST_AT_ONCE = 500
"""Values in one statement; SQLite takes no more than some thousands."""


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
    wanted = list(sizes)
    return [
        _place(*row)
        for begin in range(0, len(wanted), _MOST_AT_ONCE)
        for row in session.exec(
            _COLUMNS.where(col(Recording.size_bytes).in_(wanted[begin : begin + _MOST_AT_ONCE]))
        )
    ]


_COLUMNS = select(Recording.path, Recording.size_bytes, Recording.modified_ns)


def _place(path: bytes, size_bytes: int, modified_ns: int) -> Place:
    return Place(os.fsdecode(path), size_bytes, modified_ns)
