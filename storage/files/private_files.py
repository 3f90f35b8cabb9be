"""Private files that survive a power cut, and folders that are written completely or not at all."""

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
"""Name of the folder for unfinished content, until it is complete."""
_PIECE_BYTES = 1 << 20
_AT_ONCE, _AHEAD = 8, 1000
DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Error numbers for a full disk, an exceeded quota or the largest file size."""


@dataclass(frozen=True, slots=True)
class Copied:
    """Size and hash of a file that was read."""

    bytes: int
    sha256: str


def copy(source: Path, target: Path) -> Copied:
    """Copy a file with its modification time; `target` and its new folders are the owner's only.

    Raises FileNotFoundError if `source` is not a regular file, and OSError.
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
    """The results of `do` for each item, in order; run in parallel, since each waits for I/O."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for first in range(0, len(items), _AHEAD):
            yield from pool.map(do, items[first : first + _AHEAD])


def make_private(folder: Path) -> None:
    """Create a folder and its missing parents, accessible to their owner only: `mkdir` would give
    the parents default permissions. Raises OSError."""
    if not folder.is_dir():
        make_private(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def digest(file: Path) -> Copied:
    """Size and hash of a file, after flushing it to the disk. Raises OSError."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return Copied(stream.tell(), sha256)


def settle(folder: Path) -> None:
    """Flush a folder and its subfolders, so that names survive a power cut. Raises OSError."""
    for path, _, _ in os.walk(folder):
        sync(Path(path))


@contextmanager
def draft_in(folder: Path, *, last: str) -> Iterator[Path]:
    """A draft folder whose entries are moved into `folder` when the block succeeds, `last` as the
    last one; otherwise it is deleted, and `folder` too if it was created here.

    A draft that a killed process left is deleted first. Raises Busy while another process has one
    there, and StoreUnavailable if the folder cannot be created.
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
def disk_explained(sentence: str) -> Iterator[None]:
    """Turn errors of the disk into ours.

    Raises DiskFull with `sentence` for a full disk, and StoreUnavailable with the reason for any
    other OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in DISK_FULL:
            raise DiskFull(sentence) from error
        raise StoreUnavailable(
            f"{error.filename or 'A file'} cannot be read or written ({error.strerror}); check it."
        ) from error
    except DiskFull as error:
        raise DiskFull(sentence) from error


def put(source: Path, target: Path) -> None:
    """Move a file, also to another disk, completely or not at all. Raises OSError."""
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
