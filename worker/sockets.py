"""Chooses the path of the embedded Redis's Unix socket, in a folder for this user only."""

import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from errors import StackTrouble

NAME = "redis.sock"
ELSEWHERE = "socket-folder"
"""A link in `run` to the folder that contains the socket instead."""


def make_place(run: Path) -> Path:
    """A usable path for the socket: in `run`, else in a new temporary folder.

    `run` is not usable if the path is too long for a socket (more than 107 bytes on Linux), if an
    address would have to quote it (Flower does not unquote), or on a file system without sockets.
    Raises StackTrouble if the temporary folder is not usable either.
    """
    clear_place(run)
    if _is_usable(run / NAME):
        return run / NAME
    folder = Path(tempfile.mkdtemp(prefix="nightreel-"))
    (run / ELSEWHERE).symlink_to(folder)
    if not _is_usable(folder / NAME):
        clear_place(run)
        raise StackTrouble(
            f"Redis's socket can be neither in {run} nor in {folder.parent}; "
            "set TMPDIR to a folder with a short, plain name."
        )
    return folder / NAME


def clear_place(run: Path) -> None:
    """Remove the previous socket and its temporary folder, if they were left behind."""
    (run / NAME).unlink(missing_ok=True)
    with suppress(OSError):
        folder = (run / ELSEWHERE).readlink()
        (run / ELSEWHERE).unlink()
        (folder / NAME).unlink(missing_ok=True)
        folder.rmdir()


def _is_usable(path: Path) -> bool:
    if quote(str(path)) != str(path):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True
