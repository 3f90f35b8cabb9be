"""Names of files as they can be shown and stored."""

import os
import unicodedata
from pathlib import Path, PurePath


def display_name(path: PurePath) -> str:
    """A file's name that is safe to show: bytes that are no text and control characters escaped."""
    return shown(path.name)


def display_path(path: Path) -> str:
    """A whole path, as safe to show as a name."""
    return shown(str(path))


def shown(name: str) -> str:
    """Any text as safe to show as a name. Raises UnicodeEncodeError for what is no text at all."""
    text = os.fsencode(name).decode("utf-8", "backslashreplace")
    return "".join(
        character if unicodedata.category(character)[0] != "C" else ascii(character)[1:-1]
        for character in text
    )
