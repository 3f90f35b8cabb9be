"""Files that appear whole or not at all, and survive a power cut."""

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

_CANNOT_SYNC = (errno.EACCES, errno.EINVAL, errno.ENOTSUP)
"""A folder without read permission, or a network file system. The file exists all the same."""


@contextmanager
def atomic_write(path: Path, *, replace: bool = True, mode: int = 0o600) -> Iterator[IO[bytes]]:
    """Give a new file, open for writing. When the block ends it is synced to disk and named `path`.

    When the block raises, the new file is removed. Raises OSError, and FileExistsError if `path`
    exists and `replace` is not set.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".nightreel-", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            yield file
            file.flush()
            os.fsync(handle)
        if replace:
            draft.replace(path)
        else:
            path.hardlink_to(draft)  # `rename` would replace a file that appeared meanwhile
        _sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush a file's content, or a folder's names, so that they survive a power cut.

    Raises OSError.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sync_folder(folder: Path) -> None:
    try:
        sync(folder)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
