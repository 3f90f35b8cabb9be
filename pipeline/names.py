"""File names in a form that is safe to show and store."""

import os
import unicodedata
from pathlib import Path, PurePath


def display_name(path: PurePath) -> str:
    """A file's name that is safe to show: invalid bytes and control characters are escaped."""
    return shown(path.name)


def display_path(path: Path) -> str:
    """A whole path, escaped as `display_name` does."""
    return shown(str(path))


def shown(name: str) -> str:
    """Any text, escaped as `display_name` does. Raises UnicodeEncodeError for invalid text."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        character if unicodedata.category(character)[0] != "C" else ascii(character)[1:-1]
        for character in text
    )
