"""How the command line speaks: results to stdout, everything else to stderr."""

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

WIDTH_OF_FILES = 120
out = Console(
    highlight=False,
    markup=False,
    emoji=False,
    width=None if sys.stdout.isatty() else WIDTH_OF_FILES,
)
err = Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True)


def err_is_journal() -> bool:
    """Whether what is said on stderr is kept in the system's journal, which others may read."""
    try:
        file = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{file.st_dev}:{file.st_ino}"


def print_json(value: Any) -> None:
    """Write one JSON document to stdout; names keep their characters."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def quantity(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun: 1 face, 2 faces."""
    return f"{number} {noun if number == 1 else plural or f'{noun}s'}"


def table(title: str, *columns: str) -> Table:
    """An empty table; columns whose name begins with `#` are numbers, set right."""
    made = Table(
        title=title or None,
        title_justify="left",
        header_style="bold",
        box=None,
        padding=(0, 2, 0, 0),
    )
    for column in columns:
        number = column.startswith("#")
        made.add_column(
            column.removeprefix("#"), justify="right" if number else "left", overflow="fold"
        )
    return made
