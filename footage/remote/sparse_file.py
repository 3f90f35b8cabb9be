"""A large file of which some blocks are on this disk, by any number of processes.

Beside it lies its map, a byte a block: 1 when the block is here. A block is marked when its bytes
are on the disk, so a process that is killed leaves no mark too many; and whoever opens the pair
trusts no map of a time before the machine was started, when a file system may have lost either.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from errors import StoreUnavailable
from file_locks import try_lock_bytes, unlock_bytes

SUFFIX, MAP_SUFFIX, _NEW_SUFFIX = ".sparse", ".map", ".new"
BLOCK_BYTES = 1 << 18
AHEAD_BLOCKS = 16
"""How many are fetched at once where the one before is here: then a file is read on."""
MOST_BLOCKS = 64
"""Fetched at once, however many are asked for."""
FETCHES_BEFORE_DOUBLING = 8
"""After so many, twice as much is fetched at once, and again: some containers have no index and are
looked through from their beginning, which would take a question for every few seconds of them."""
UNDER_WAY = "This footage is not fetched completely yet; the rest is fetched at the next attempt."
ELSEWHERE = "Another process is still fetching this footage; it is retried."

_LOOK_SECONDS = 0.05
_HERE = b"\1"

Fetch = Callable[[int, int], bytes]
"""Gives the bytes [start, end) of what is kept in the store."""
Write = Callable[[int, bytes, int], None]
"""Writes to an open file, as `os.pwrite` does, so that it stays; if there is room."""


def path_of(folder: Path, name: str) -> Path:
    """Where the file of this name lies while it is not all here."""
    return folder / f"{name}.{_boot()}{SUFFIX}"


def map_of(path: Path) -> Path:
    """Where its map lies."""
    return path.with_suffix(MAP_SUFFIX)


def create(path: Path, size_bytes: int) -> None:
    """Make a file of which nothing is here; with its full size and its map, or not at all."""
    new = path.with_suffix(_NEW_SUFFIX)
    for file, content_bytes in ((map_of(path), b"\0" * _blocks(size_bytes)), (new, b"")):
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(content_bytes)
    os.truncate(new, size_bytes)
    new.rename(path)


def remove(path: Path) -> None:
    """Remove a file, and its map before: a map without its file would be taken for another's."""
    if path.suffix == SUFFIX:
        map_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


class SparseFile:
    """One open file that fetches its missing blocks; a `footage.remote.held_reads.Supply`."""

    def __init__(
        self, path: Path, file: int, fetch: Fetch, write: Write, timeout_seconds: float
    ) -> None:
        """Take over an open descriptor. All fetching together may take `timeout_seconds`."""
        self._file, self._size_bytes = file, os.fstat(file).st_size
        self._blocks = _blocks(self._size_bytes)
        self._fetch, self._write, self._seconds_left = fetch, write, timeout_seconds
        self._fetches = 0
        self._busy = threading.Lock()
        self._map = os.open(map_of(path), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    @property
    def is_whole(self) -> bool:
        """Whether every block is here."""
        return self._missing(range(self._blocks)) is None

    def ensure(self, start: int, end: int) -> bool:
        """Return when the bytes [start, end) are here, as far as the file has them.

        Returns whether some were missing. Raises what `fetch` and `write` raise, and
        StoreUnavailable when the time is used up.
        """
        wanted = range(start // BLOCK_BYTES, min(_blocks(end), self._blocks))
        with self._busy:
            was_missing = False
            while (gap := self._missing(wanted)) is not None:
                was_missing, begun = True, time.monotonic()
                try:
                    self._fill(gap, begun + self._seconds_left)
                finally:
                    self._seconds_left -= time.monotonic() - begun
            return was_missing

    def close(self) -> None:
        """Close it, once nothing is being fetched: its descriptor may be reused afterwards."""
        with self._busy:
            os.close(self._map)
            os.close(self._file)
            self._map = self._file = -1

    def _missing(self, wanted: range) -> range | None:
        """The first run of blocks to be fetched at once; None when all that is wanted is here."""
        marks = os.pread(self._map, len(wanted), wanted.start).ljust(len(wanted), b"\0")
        if b"\0" not in marks:
            return None
        first = wanted.start + marks.index(b"\0")
        read_on = first > 0 and os.pread(self._map, 1, first - 1) == _HERE
        least = max(AHEAD_BLOCKS if read_on else 1, 1 << self._fetches // FETCHES_BEFORE_DOUBLING)
        last = min(max(wanted.stop, first + least), first + MOST_BLOCKS, self._blocks)
        run = os.pread(self._map, last - first, first).find(_HERE)
        return range(first, last if run < 0 else first + run)

    def _fill(self, gap: range, deadline: float) -> None:
        with _exclusively(self._map, gap, deadline):
            if _HERE in os.pread(self._map, len(gap), gap.start):
                return  # somebody else was faster
            if time.monotonic() > deadline:
                raise StoreUnavailable(UNDER_WAY)
            start = gap.start * BLOCK_BYTES
            end = min(gap.stop * BLOCK_BYTES, self._size_bytes)
            self._fetches += 1
            piece = self._fetch(start, end)
            if len(piece) != end - start:
                raise StoreUnavailable(
                    "The object store returned less data than requested; check it, then try again."
                )
            self._write(self._file, piece, start)
            os.pwrite(self._map, _HERE * len(gap), gap.start)


def _blocks(size_bytes: int) -> int:
    return -(-size_bytes // BLOCK_BYTES)


@contextmanager
def _exclusively(file: int, blocks: range, deadline: float) -> Iterator[None]:
    """Wait until nobody else fetches any of these blocks: the kernel locks bytes of the map."""
    while not try_lock_bytes(file, blocks.start, len(blocks)):
        if time.monotonic() > deadline:
            raise StoreUnavailable(ELSEWHERE)
        time.sleep(_LOOK_SECONDS)
    try:
        yield
    finally:
        unlock_bytes(file, blocks.start, len(blocks))


@cache
def _boot() -> str:
    """Another one whenever the machine is started."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
