"""Files for their owner alone that survive a power cut, and folders that are whole or not there."""

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from atomic_file import sync
from errors import Busy, DiskFull, StoreUnavailable
from file_locks import try_lock

Item = TypeVar("Item")
Result = TypeVar("Result")
DRAFT = ".unfinished"
"""A folder in which what is being made lies until it is whole."""
_PIECE_BYTES = 1 << 20
_AT_ONCE, _AHEAD = 8, 1000
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What the system says when a file has no room."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What was read while a file was copied."""

    bytes: int
    sha256: str


def copy(source: Path, target: Path) -> Copied:
    """Copy a file, its modification time too; `target` and its new folders are the owner's alone.

    Raises FileNotFoundError where there is no such file or it is a link, OSError.
    """
    make_private(target.parent)
    with _opened(source) as read, os.fdopen(_made(target), "wb") as written:
        digest, size = hashlib.sha256(), 0
        while piece := os.read(read, _PIECE_BYTES):
            digest.update(piece)
            size += written.write(piece)
        written.flush()
        times = os.fstat(read)
        os.utime(written.fileno(), ns=(times.st_atime_ns, times.st_mtime_ns))
        os.fsync(written.fileno())
    return Copied(size, digest.hexdigest())


def side_by_side(do: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What `do` gives for each, in order; several at once, for each waits long for the disk."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(items), _AHEAD):
            yield from pool.map(do, items[first : first + _AHEAD])


def make_private(folder: Path) -> None:
    """Make a folder and those above it that are not there, for their owner alone: `mkdir` would
    make the latter for everybody. Raises OSError."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def digest(file: Path) -> Copied:
    """What a file holds, once it is on the disk. Raises OSError."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return Copied(stream.tell(), sha256)


def settle(folder: Path) -> None:
    """Have the names in a folder and all below it survive a power cut. Raises OSError."""
    for path, _, _ in os.walk(folder):
        sync(Path(path))


@contextmanager
def draft_in(folder: Path, *, last: str) -> Iterator[Path]:
    """A draft whose entries are moved into `folder` when the block ends well, the `last` one after
    all others; else it is removed, and `folder` too if it was made for this.

    A draft that a killed process left is removed first. Raises Busy while another process has one
    there, StoreUnavailable where the folder cannot be made.
    """
    is_new = not folder.exists()
    draft = folder / DRAFT
    try:
        make_private(draft)
        held = os.open(draft, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise StoreUnavailable(
            f"{folder} cannot be written ({error.strerror}); name another folder."
        ) from error
    try:
        _refuse_another(held, folder)
        with _removed_on_failure(folder if is_new else draft):
            _clear(draft)
            yield draft
            settle(draft)
            _move_up(draft, last)
    finally:
        os.close(held)


@contextmanager
def disk_explained(said: str) -> Iterator[None]:
    """A full disk is `said` in a sentence, whatever else a disk does not do with its reason.

    Raises DiskFull, StoreUnavailable.
    """
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise DiskFull(said) from error
        raise StoreUnavailable(
            f"{error.filename or 'A file'} cannot be read or written ({error.strerror}); check it."
        ) from error
    except DiskFull as error:
        raise DiskFull(said) from error


def put(source: Path, target: Path) -> None:
    """Move a file to where it belongs, on another disk too: whole or not at all. Raises OSError."""
    make_private(target.parent)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}{DRAFT}")
        copy(source, beside)
        beside.rename(target)
        source.unlink()


@contextmanager
def _opened(file: Path) -> Iterator[int]:
    try:
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise FileNotFoundError(errno.ENOENT, "it is a link", str(file)) from error
        raise
    try:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            raise FileNotFoundError(errno.ENOENT, "it is no file", str(file))
        yield opened
    finally:
        os.close(opened)


def _made(file: Path) -> int:
    return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _refuse_another(draft: int, folder: Path) -> None:
    if not try_lock(draft):
        raise Busy(f"Another process is writing to {folder}; wait for it.")


@contextmanager
def _removed_on_failure(folder: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _clear(draft: Path) -> None:
    for entry in draft.iterdir():
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _move_up(draft: Path, last: str) -> None:
    for entry in sorted(draft.iterdir(), key=lambda entry: entry.name == last):
        entry.rename(draft.parent / entry.name)
    draft.rmdir()
    sync(draft.parent)
