"""A disk cache of remote files, complete or in parts, shared by any number of processes.

One process fetches a file for all others, and a file that is being read is not removed. Processes
coordinate by kernel locks on the files themselves, so a killed process leaves nothing locked, and
the next one continues its partial file.
"""

import errno
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from errors import Permanent, StoreUnavailable
from file_locks import locked, open_locked, try_lock
from footage.remote import sparse_file
from footage.remote.sparse_file import ELSEWHERE, Fetch, SparseFile

_PART = ".part"
_UNIT_BYTES = 512
"""Unit in which `stat` counts blocks, on every disk."""
_LOOK_SECONDS = 0.2
"""How often to check whether another process has fetched a file."""


@dataclass(frozen=True, slots=True)
class DiskCache:
    """A cache in a folder that only its owner may read, of at most `limit_bytes`."""

    folder: Path
    limit_bytes: int

    @contextmanager
    def hold(
        self,
        name: str,
        size_bytes: int,
        fill: Callable[[int], None],
        *,
        timeout_seconds: float = math.inf,
    ) -> Iterator[Path]:
        """Give the file of this name; it is not removed before the block ends.

        If it is not cached, `fill` is called with an open descriptor to append to; what an earlier
        call wrote is still there. Raises what `fill` raises; after a Permanent error the partial
        file is removed. Raises StoreUnavailable if there is no room, if the disk accepts no writes,
        or if another process has been filling the file for longer than `timeout_seconds`.
        """
        deadline = time.monotonic() + timeout_seconds
        with self._explained():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while (file := _taken(self.folder / name)) is None:
                self._fetch(name, size_bytes, fill, deadline)
        try:
            yield self.folder / name
        finally:
            os.close(file)

    @contextmanager
    def hold_in_parts(
        self,
        name: str,
        size_bytes: int,
        fetch: Fetch,
        check: Callable[[int], None],
        *,
        timeout_seconds: float = math.inf,
    ) -> Iterator[tuple[Path, SparseFile | None]]:
        """Give the file of this name and what fetches its missing parts, None if it is complete.

        When the parts have become complete at the end of the block, `check` is called with the open
        file. Raises what `check` raises; after a Permanent error the file is removed, otherwise it
        becomes a complete file as `hold` gives. Raises as `hold`, and so does fetching. If there
        was no room, the parts are removed and the next call starts again.
        """
        with self._explained():
            path, file = self._take_in_parts(name, size_bytes)
            if path.name == name:
                parts = None
            else:
                parts = SparseFile(path, file, fetch, self._write, timeout_seconds)
        if parts is None:
            with FileIO(file):
                yield path, None
        else:
            with self._growing(path, file, parts, lambda: self._complete(path, file, name, check)):
                yield path, parts

    def clear(self) -> None:
        """Remove every file that no process holds or fetches at the moment."""
        if self.folder.exists():
            for path, _, _ in list(self._entries()):
                _removed(path)

    def _take_in_parts(self, name: str, size_bytes: int) -> tuple[Path, int]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        whole, parts = self.folder / name, sparse_file.path_of(self.folder, name)
        while True:
            for path in (whole, parts):
                if (file := _taken(path)) is not None:
                    return path, file
            with locked(self.folder / ".room"):
                if not whole.exists() and not parts.exists():
                    sparse_file.create(parts, size_bytes)

    @contextmanager
    def _growing(
        self, path: Path, file: int, parts: SparseFile, complete: Callable[[], None]
    ) -> Iterator[None]:
        try:
            yield
            if parts.is_whole and try_lock(file):
                with self._explained():
                    complete()
        except _NoRoom:
            if try_lock(file):
                sparse_file.remove(path)
            raise
        finally:
            parts.close()

    def _complete(self, path: Path, file: int, name: str, check: Callable[[int], None]) -> None:
        try:
            check(file)
        except Permanent:
            sparse_file.remove(path)
            raise
        if not (self.folder / name).exists():
            path.rename(self.folder / name)
        sparse_file.remove(path)

    def _write(self, file: int, piece: bytes, start: int) -> None:
        """Write a part of a file to disk; from now on it counts towards the limit."""
        with self._explained():
            with locked(self.folder / ".room"):
                if not self._has_room(len(piece)):
                    raise self._no_room(len(piece))
                if os.pwrite(file, piece, start) < len(piece):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fdatasync(file)

    def _fetch(
        self, name: str, size_bytes: int, fill: Callable[[int], None], deadline: float
    ) -> None:
        part = self.folder / f"{name}.{size_bytes}{_PART}"
        with locked(self.folder / ".room"):
            file = open_locked(part, os.O_RDWR | os.O_CREAT)
            if file is not None:
                self._make_room(part, size_bytes)
        if file is None:
            _wait_until(deadline)
            return
        try:
            if (self.folder / name).exists():  # another process has completed it meanwhile
                part.unlink()
                return
            fill(file)
            os.fsync(file)
            part.rename(self.folder / name)
        except Permanent:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)

    def _make_room(self, part: Path, size_bytes: int) -> None:
        """Make room for a file before it is fetched; from now on it counts with its full size."""
        if size_bytes > self.limit_bytes or not self._has_room(0):
            part.unlink()
            raise self._no_room(size_bytes)

    def _has_room(self, wanted_bytes: int) -> bool:
        """Whether this much more fits, after removing the least recently used files."""
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        used = wanted_bytes + sum(size for _, size, _ in entries)
        for path, size, _ in entries:
            if used > self.limit_bytes and _removed(path):
                used -= size
        return used <= self.limit_bytes

    def _no_room(self, size_bytes: int) -> "_NoRoom":
        return _NoRoom(
            f"The footage cache of {self.limit_bytes >> 20} MB has no room for"
            f" {size_bytes >> 20} MB of footage; raise NIGHTREEL_FOOTAGE_CACHE_MB."
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreUnavailable(
                f"The footage cache {self.folder} cannot be written ({error.strerror}); free "
                "some space or check the folder."
            ) from error

    def _entries(self) -> Iterator[tuple[Path, int, int]]:
        """Every file but the maps, with its size on disk and the time of its last use."""
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                status = path.stat()
                written = min(status.st_size, status.st_blocks * _UNIT_BYTES)
                if path.suffix != sparse_file.MAP_SUFFIX:
                    yield path, _whole_size(path) or written, status.st_mtime_ns


class _NoRoom(StoreUnavailable):
    """The cache is full of files in use, or the file is larger than the cache."""


def _whole_size(path: Path) -> int:
    """The full size of a partial file; 0 for a complete one."""
    return int(path.suffixes[-2][1:]) if path.suffix == _PART else 0


def _wait_until(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise StoreUnavailable(ELSEWHERE)
    time.sleep(_LOOK_SECONDS)


def _taken(path: Path) -> int | None:
    """A descriptor whose lock prevents removal of the file; None if it does not exist."""
    flags = os.O_RDWR if path.suffix == sparse_file.SUFFIX else os.O_RDONLY
    file = open_locked(path, flags, shared=True, wait=True)
    if file is not None:
        os.utime(file)  # the least recently used file is removed first
    return file


def _removed(path: Path) -> bool:
    """Remove a file unless a process holds or fetches it; returns whether it was removed."""
    file = open_locked(path, os.O_RDONLY)
    if file is None:
        return False
    sparse_file.remove(path)
    os.close(file)
    return True
