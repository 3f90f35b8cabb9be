"""The worker processes of this home folder: each holds the lock of a file while it is alive.

A lease reveals a silent worker after its length, on any machine. Where the file is visible, the
kernel's lock reveals it at once.
"""

import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from worker.bound import hold, holder


@cache
def register(folder: Path) -> str:
    """A unique name for this process; its lock is held until the process ends.

    Raises OSError if the folder cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    draft = folder / f".{name}"
    hold(draft)
    draft.rename(_file(folder, name))  # it is never visible without its lock
    return name


def dead(folder: Path, names: Iterable[str]) -> set[str]:
    """The processes in `names` that are known to have ended: their file exists and is not
    locked."""
    return {name for name in names if _file(folder, name).exists() and _has_ended(folder, name)}


def deregister(folder: Path, names: Iterable[str]) -> None:
    """Remove the files of dead processes, once they hold no segments."""
    for name in names:
        _file(folder, name).unlink(missing_ok=True)


def registered(folder: Path) -> set[str]:
    """The names of all processes that registered here and were not deregistered."""
    return {file.stem for file in folder.glob("*.lock")}


def _has_ended(folder: Path, name: str) -> bool:
    return holder(_file(folder, name)) is None


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"
