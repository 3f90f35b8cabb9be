"""Locks of the kernel on files themselves, gone with the process that held them: flock(2)."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def is_alone(file: int) -> bool:
    """Whether nobody else has locked this file; then nobody else may, else our lock may be gone."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock(path: Path, flags: int, kind: int) -> int | None:
    """Open and lock a file; None when there is none, or when it was replaced or removed while its
    lock was waited for."""
    try:
        file = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, kind)
        if os.path.samestat(os.fstat(file), path.stat()):
            return file
    except (FileNotFoundError, BlockingIOError):
        pass
    os.close(file)
    return None


@contextmanager
def exclusively(path: Path) -> Iterator[None]:
    """Wait until nobody else is in such a block for this file, which is made where it is not."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
