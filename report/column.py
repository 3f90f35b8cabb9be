"""A column of a list: one field of each row, with its form for programs and for display."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

Box: TypeAlias = tuple[int, int, int, int]
Names: TypeAlias = tuple[str, ...]
Vector: TypeAlias = tuple[float, ...]
"""Of float32 numbers; not NumPy's type, whose import takes longer than most commands."""


@dataclass(frozen=True, slots=True)
class Column:
    """One field of each row."""

    name: str
    """Its name in JSON, CSV, Parquet and the API."""
    kind: Any
    """The type of its values: `int`, `Box`, ..."""
    sentence: str
    """Its description, in the docs and in the API's description."""
    heading: str = ""
    """Its heading in displayed tables; a column without one is for programs only."""
    path: str = ""
    """The attribute path of its value in a row, such as `row.seen.recording`; default: `name`."""
    shown: Callable[[Any], str] = str
    """Formats a value for display."""
    is_detail: bool = False
    """Whether tables on a narrow terminal leave it out."""
    may_be_null: bool = False
    example: Any = None
    """An example value, in the API's description."""
    is_local: bool = False
    """Whether it is useful only with the media store; files for other places leave it out."""

    @property
    def is_number(self) -> bool:
        """Whether tables align it to the right."""
        return self.kind in (int, float)

    def value(self, row: Any) -> Any:
        """Its value in a row; None if a part of its path is None."""
        for part in (self.path or self.name).split("."):
            row = None if row is None else getattr(row, part)
        return row

    def plain(self, row: Any) -> Any:
        """Its value in JSON, CSV, Parquet and the API: times as ISO 8601, floats to four places."""
        value = self.value(row)
        if isinstance(value, tuple):
            return list(value)
        if isinstance(value, datetime):
            return value.isoformat()
        return round(value, 4) if isinstance(value, float) else value

    def text(self, row: Any) -> str:
        """Its value for display; empty for None."""
        value = self.value(row)
        return "" if value is None else self.shown(value)


def inside(part: str, columns: Iterable[Column]) -> tuple[Column, ...]:
    """The same columns, with their values in the attribute `part` of each row."""
    return tuple(replace(c, path=f"{part}.{c.path or c.name}") for c in columns)


def plain(columns: Iterable[Column], row: Any) -> dict[str, Any]:
    """The values of a row for programs, by column name."""
    return {column.name: column.plain(row) for column in columns}


def headed(columns: Iterable[Column], rows: Sequence[Any]) -> list[Column]:
    """The columns of a displayed table, without those that are empty in every row."""
    return [c for c in columns if c.heading and (not rows or any(c.text(row) for row in rows))]


def elsewhere(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns that are useful without the media store."""
    return tuple(column for column in columns if not column.is_local)


def decimals(number: int) -> Callable[[float], str]:
    """A function that formats numbers with this many decimal places."""
    return f"{{:.{number}f}}".format
