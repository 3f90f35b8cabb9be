"""Long lists, a piece at a time: a cursor says behind what the next piece begins.

What comes or goes meanwhile moves nothing: a cursor is a place in the order, not a count.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Generic, TypeAlias, TypeVar

from fastapi import Query

Item = TypeVar("Item")
Place: TypeAlias = tuple[int, ...]
"""Where something stands in its list; the smallest comes first."""
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
    """Some of a list, in its order."""

    shown: list[Item]
    next: str | None
    """Cursor of the next page; null on the last."""


def piece(
    items: Iterable[Item], place: Callable[[Item], Place], cursor: str, limit: int
) -> Piece[Item]:
    """The first `limit` behind a cursor, of items in whatever order."""
    begin = place_of(cursor)
    rest = sorted((one for one in items if place(one) > begin), key=place)
    more = len(rest) > limit
    return Piece(rest[:limit], _cursor(place(rest[limit - 1])) if more else None)


def place_of(cursor: str) -> Place:
    """The place behind which a piece begins; before everything where there is no cursor."""
    return tuple(int(part) for part in cursor.split(".")) if cursor else ()


def older_than(cursor: str) -> int | None:
    """Of a list of numbers, the newest first: the number that a piece lies below, if any."""
    return -place_of(cursor)[0] if cursor else None


def _cursor(place: Place) -> str:
    return ".".join(map(str, place))
