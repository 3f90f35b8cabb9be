"""The kernel's file locks: flock(2), and fcntl(2) for ranges of bytes.

They exclude other processes, and other descriptors of the same process; a lock ends when the last
copy of its descriptor is closed, so a process that is killed leaves nothing locked.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def try_lock(file: int, *, shared: bool = False) -> bool:
    """Lock an open file without waiting; False if another descriptor holds the lock.

    In that case a shared lock held before may be lost.
    """
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def open_locked(path: Path, flags: int, *, shared: bool = False, wait: bool = False) -> int | None:
    """Open and lock a file; its descriptor is not inherited.

    None if the file does not exist, if another process holds it and `wait` is not set, or if it was
    replaced or removed before the lock was taken. Raises OSError.
    """
    try:
        file = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        return None
    try:
        if wait:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        is_locked = wait or try_lock(file, shared=shared)
        if is_locked and os.path.samestat(os.fstat(file), path.stat()):
            return file
    except FileNotFoundError:
        pass
    os.close(file)
    return None


@contextmanager
def locked(path: Path, *, shared: bool = False) -> Iterator[None]:
    """Wait for a file's lock and hold it; the file is created if missing. Raises OSError."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def try_lock_bytes(file: int, start: int, length: int) -> bool:
    """Lock a range of bytes of an open file without waiting.

    False if another descriptor holds some of them. lockf(3) would not exclude two threads of one
    process. Raises OSError.
    """
    try:
        _set_byte_lock(file, fcntl.F_WRLCK, start, length)
    except BlockingIOError:
        return False
    return True


def unlock_bytes(file: int, start: int, length: int) -> None:
    """Release what `try_lock_bytes` locked."""
    _set_byte_lock(file, fcntl.F_UNLCK, start, length)


def _set_byte_lock(file: int, kind: int, start: int, length: int) -> None:
    lock = struct.pack("hhqqq", kind, os.SEEK_SET, start, length, 0)
    fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
