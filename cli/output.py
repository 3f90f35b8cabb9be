"""Output of the command line: results to stdout, everything else to stderr."""

import json
import os
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from report.column import Column, headed

WIDTH_OF_FILES = 200
GAP = 2
FOLDS_AT = 24
"""A longer text wraps to the next line where that makes room."""
out = Console(
    highlight=False,
    markup=False,
    emoji=False,
    width=None if sys.stdout.isatty() else WIDTH_OF_FILES,
)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def err_is_journal() -> bool:
    """Whether stderr goes to the system's journal, which others may read."""
    try:
        file = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"


def print_json(value: Any) -> None:
    """Write one JSON document to stdout; non-ASCII characters are not escaped."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def quantity(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 face, 2 faces."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def table(title: str, *columns: str) -> Table:
    """An empty table; columns whose name begins with `#` are numbers, right-aligned."""
    made = Table(
        title=title or None,
        title_justify="left",
        header_style="bold",
        box=None,
        padding=(0, GAP, 0, 0),
    )
    for column in columns:
        number = column.startswith("#")
        made.add_column(
            column.removeprefix("#"), justify="right" if number else "left", overflow="fold"
        )
    return made


def table_of(
    title: str, columns: Sequence[Column], rows: Sequence[Any], *, caption: str = ""
) -> Table:
    """A table of the rows, with the columns that have a heading and a value in some row.

    If the terminal is too narrow, detail columns are left out, and the caption names them.
    """
    shown = headed(columns, rows)
    details = [column for column in shown if column.is_detail]
    missing: list[Column] = []
    while details and sum(_width(column, rows) + GAP for column in shown) > out.width:
        missing.insert(0, details.pop())
        shown.remove(missing[0])
    made = table(
        title, *(f"#{column.heading}" if column.is_number else column.heading for column in shown)
    )
    for row in rows:
        made.add_row(*(column.text(row) for column in shown))
    left_out = ", ".join(column.heading for column in missing)
    room = f"The terminal is too narrow for: {left_out}. --json has them." if missing else ""
    made.caption = "\n".join(filter(None, (caption, room))) or None
    return made


def _width(column: Column, rows: Sequence[Any]) -> int:
    longest = max((len(column.text(row)) for row in rows), default=0)
    return max(len(column.heading), min(longest, FOLDS_AT) if column.kind is str else longest)
