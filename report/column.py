"""A column of a list: one fact of each row, as programs and people are told it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

Box: TypeAlias = tuple[int, int, int, int]
Names: TypeAlias = tuple[str, ...]
Vector: TypeAlias = tuple[float, ...]
"""In float32; not numpy's own type, whose import takes longer than most commands."""


@dataclass(frozen=True, slots=True)
class Column:
    """One fact of each row."""

    name: str
    """In JSON, CSV, Parquet and the API."""
    kind: Any
    """The type of its values: `int`, `Box`, ..."""
    sentence: str
    """What it is, in docs and in the API's description."""
    heading: str = ""
    """In tables for people; a column without one is for programs only."""
    path: str = ""
    """Where it is in a row: `row.seen.recording`; the name if not given."""
    shown: Callable[[Any], str] = str
    """A value as people read it."""
    is_detail: bool = False
    """Whether a table on a narrow terminal leaves it out."""
    may_be_null: bool = False
    example: Any = None
    """In the API's description."""
    is_local: bool = False
    """Whether it is of use only beside the media store: what leaves that does without it."""

    @property
    def is_number(self) -> bool:
        """Whether tables align it to the right."""
        return self.kind in (int, float)

    def value(self, row: Any) -> Any:
        """Of one row; None if the row lacks the part that has it."""
        for part in (self.path or self.name).split("."):
            row = None if row is None else getattr(row, part)
        return row

    def plain(self, row: Any) -> Any:
        """Its value as JSON, CSV, Parquet and the API have it: numbers to four places."""
        value = self.value(row)
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, datetime):
            return value.isoformat()
        return round(value, 4) if isinstance(value, float) else value

    def text(self, row: Any) -> str:
        """Its value as people read it; empty where there is none."""
        value = self.value(row)
        return "" if value is None else self.shown(value)


def inside(part: str, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns of a part of each row."""
    return tuple(replace(one, path=f"{part}.{one.path or one.name}") for one in columns)


def plain(columns: Iterable[Column], row: Any) -> dict[str, Any]:
    """A row as programs have it, by the names of the columns."""
    return {column.name: column.plain(row) for column in columns}


def headed(columns: Iterable[Column], rows: Sequence[Any]) -> list[Column]:
    """The columns of a table for people, without those that are empty in every row."""
    return [
        one for one in columns if one.heading and (not rows or any(one.text(row) for row in rows))
    ]


def elsewhere(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns that are of use away from the media store."""
    return tuple(one for one in columns if not one.is_local)


def decimals(number: int) -> Callable[[float], str]:
    """Shows numbers with so many places."""
    return f"{{:.{number}f}}".format
