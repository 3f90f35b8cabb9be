"""Paging of long lists: a cursor names the place after which the next page begins.

Added or removed items do not shift the pages: a cursor is a place in the order, not a count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeAlias, TypeVar

from fastapi import Query

Item = TypeVar("Item")
Place: TypeAlias = tuple[int, ...]
"""The place of an item in its list; the smallest comes first."""
Cursor = Annotated[
    str,
    Query(
        max_length=80,
        pattern=r"^(-?[0-9]{1,12}(\.-?[0-9]{1,12}){0,3})?$",
        description="`next` of the previous page; omit for the first.",
    ),
]
Limit = Annotated[int, Query(ge=1, le=200, description="Maximum number of items.")]


@dataclass(frozen=True, slots=True)
class Piece(Generic[Item]):
    """A page of a list, in order."""

    shown: list[Item]
    next: str | None
    """Cursor of the next page; null on the last."""


def piece(
    items: Iterable[Item], place: Callable[[Item], Place], cursor: str, limit: int
) -> Piece[Item]:
    """The first `limit` items after a cursor; `items` may be in any order."""
    begin = place_of(cursor)
    rest = sorted((item for item in items if place(item) > begin), key=place)
    more = len(rest) > limit
    return Piece(rest[:limit], _cursor(place(rest[limit - 1])) if more else None)


def place_of(cursor: str) -> Place:
    """The place after which a page begins; without a cursor, the place before everything."""
    return tuple(int(part) for part in cursor.split(".")) if cursor else ()


def older_than(cursor: str) -> int | None:
    """For a list of numbers, newest first: the number that a page stays below, if any."""
    return -place_of(cursor)[0] if cursor else None


def _cursor(place: Place) -> str:
    return ".".join(map(str, place))
