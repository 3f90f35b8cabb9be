"""Where the embedded Redis has its Unix socket: in a folder of this user's alone."""

import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from errors import StackTrouble

NAME = "redis.sock"
ELSEWHERE = "socket-folder"
"""A link in `run` to the folder that has the socket instead."""


def make_place(run: Path) -> Path:
    """The path of a socket that can be listened on: in `run`, else in a new temporary folder.

    `run` will not do where the path is longer than a socket's may be (107 bytes on Linux), where
    an address would have to quote it (Flower does not undo that), or on a file system without
    sockets. Raises StackTrouble where the temporary folder will not do either.
    """
    clear_place(run)
    if _will_do(run / NAME):
        return run / NAME
    folder = Path(tempfile.mkdtemp(prefix="nightreel-"))
    (run / ELSEWHERE).symlink_to(folder)
    if not _will_do(folder / NAME):
        clear_place(run)
        raise StackTrouble(
            f"Redis can have its socket neither in {run} nor in {folder.parent}; "
            "set TMPDIR to a folder with a short, plain name."
        )
    return folder / NAME


def clear_place(run: Path) -> None:
    """Remove the socket and the temporary folder that the last place was in, if one was left."""
    (run / NAME).unlink(missing_ok=True)
    with suppress(OSError):
        folder = (run / ELSEWHERE).readlink()
        (run / ELSEWHERE).unlink()
        (folder / NAME).unlink(missing_ok=True)
        folder.rmdir()


def _will_do(path: Path) -> bool:
    if quote(str(path)) != str(path):
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(path))
        except OSError:
            return False
    path.unlink()
    return True
