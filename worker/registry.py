"""Which worker processes of this home folder are alive: each holds a lock file while it is.

A lease tells of a silent worker after a minute, on whatever machine. Where the file can be seen,
the kernel tells at once.
"""

import secrets
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from worker.bound import hold, holder


@cache
def register(folder: Path) -> str:
    """A name for this process that nobody else ever had; its lock is held until the process ends.

    Raises OSError when the folder does not take files.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = secrets.token_hex(8)
    draft = folder / f".{name}"
    hold(draft)
    draft.rename(_file(folder, name))  # nobody ever sees it without its lock
    return name


def dead(folder: Path, names: Iterable[str]) -> set[str]:
    """Those of these processes that are known to have ended: their file is here, and not held."""
    return {name for name in names if _file(folder, name).exists() and _has_ended(folder, name)}


def deregister(folder: Path, names: Iterable[str]) -> None:
    """Forget dead processes, once nothing is theirs any more."""
    for name in names:
        _file(folder, name).unlink(missing_ok=True)


def registered(folder: Path) -> set[str]:
    """The names of all who ever signed on here and were not struck off."""
    return {file.stem for file in folder.glob("*.lock")}


def _has_ended(folder: Path, name: str) -> bool:
    return holder(_file(folder, name)) is None


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.lock"
