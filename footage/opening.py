"""Opens footage; the only place where a path becomes an open file, and non-files are rejected."""

import os
import stat
from io import FileIO
from itertools import pairwise
from pathlib import Path

from errors import FootageVanished, RefusedFootage, UnreadableFootage

VANISHED = "No such file; check the path, or add the file from its new place."

_LARGE_BYTES = 1 << 28
_MOST_PIECES = 1000


def open_footage(path: str) -> FileIO:
    """Open a regular file for reading; anything else could block for ever or never end.

    A link is rejected too: the file that was named is processed, and no other. Raises
    FootageVanished if it does not exist or was replaced meanwhile, RefusedFootage if it is not a
    regular file, UnreadableFootage if it cannot be opened.
    """
    try:
        status = Path(path).lstat()
        if stat.S_ISLNK(status.st_mode):
            raise RefusedFootage("This is a link to another file; add that file itself.")
        if not stat.S_ISREG(status.st_mode):
            raise RefusedFootage("This is a folder or a device, not a file; add the video itself.")
        file = FileIO(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK))
    except (FileNotFoundError, NotADirectoryError):
        raise FootageVanished(VANISHED) from None
    except PermissionError:
        raise UnreadableFootage(
            "Permission denied; give Nightreel's user access to the file."
        ) from None
    except OSError as error:
        raise UnreadableFootage(f"The file cannot be opened: {error.strerror}.") from None
    if not os.path.samestat(status, os.fstat(file.fileno())):
        file.close()
        raise FootageVanished("The file was replaced while it was opened; add it again.")
    return file


def refuse_holes(file: FileIO) -> None:
    """Raise RefusedFootage for a large file that is mostly holes: reading a terabyte of them takes
    hours."""
    size_bytes = os.fstat(file.fileno()).st_size
    if size_bytes > _LARGE_BYTES and _written_bytes(file.fileno(), size_bytes) < size_bytes // 4:
        raise RefusedFootage(
            "Most of this file is empty, so the copy is incomplete; copy it again."
        )


def _written_bytes(descriptor: int, size_bytes: int) -> int:
    """Bytes outside of holes; the whole size for a file with very many holes."""
    borders = [0]
    try:
        while len(borders) < _MOST_PIECES:
            borders.append(os.lseek(descriptor, borders[-1], os.SEEK_DATA))
            borders.append(os.lseek(descriptor, borders[-1], os.SEEK_HOLE))
    except OSError:  # only a hole follows
        return sum(end - start for start, end in list(pairwise(borders))[1::2])
    finally:
        os.lseek(descriptor, 0, os.SEEK_SET)
    return size_bytes
