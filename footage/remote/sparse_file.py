"""A large file with only some of its blocks on this disk, shared by any number of processes.

Beside it lies its map with one byte per block: 1 if the block is here. A block is marked after its
bytes are on disk, so a killed process never leaves a wrong mark. Files from before the last boot
are not used, because a file system may then have lost data or marks.
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
"""Blocks fetched at once if the block before is here: then the file is read sequentially."""
MOST_BLOCKS = 64
"""Most blocks fetched at once, even if more are requested."""
FETCHES_BEFORE_DOUBLING = 8
"""After this many fetches the number of blocks fetched at once doubles, and so on. Containers
without an index are scanned from the beginning, which would need a request for every few seconds of
footage."""
UNDER_WAY = "This footage is not fetched completely yet; the rest is fetched at the next attempt."
ELSEWHERE = "Another process is still fetching this footage; it is retried."

_LOOK_SECONDS = 0.05
_HERE = b"\1"

Fetch = Callable[[int, int], bytes]
"""Gives the bytes [start, end) of the object in the store."""
Write = Callable[[int, bytes, int], None]
"""Writes to an open file, with the arguments of `os.pwrite`, and syncs it to disk, if there is
room."""


def path_of(folder: Path, name: str) -> Path:
    """Path of the file of this name while it is incomplete."""
    return folder / f"{name}.{_boot()}{SUFFIX}"


def map_of(path: Path) -> Path:
    """Path of the map of an incomplete file."""
    return path.with_suffix(MAP_SUFFIX)


def create(path: Path, size_bytes: int) -> None:
    """Create a file of full size with no block here, and its map; the file appears last."""
    new = path.with_suffix(_NEW_SUFFIX)
    for file, content_bytes in ((map_of(path), b"\0" * _blocks(size_bytes)), (new, b"")):
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(content_bytes)
    os.truncate(new, size_bytes)
    new.rename(path)


def remove(path: Path) -> None:
    """Remove a file, and its map first: a leftover map would be taken for that of a new file."""
    if path.suffix == SUFFIX:
        map_of(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


class SparseFile:
    """An open file that fetches its missing blocks; a `footage.remote.held_reads.Supply`."""

    def __init__(
        self, path: Path, file: int, fetch: Fetch, write: Write, timeout_seconds: float
    ) -> None:
        """Take over an open descriptor. All fetches together may take `timeout_seconds`."""
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
        """Wait until the bytes [start, end) are here, up to the end of the file.

        Returns whether some were missing. Raises what `fetch` and `write` raise, and
        StoreUnavailable if the time is used up or the store returns less than requested.
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
        """Close the file after the current fetch, which might otherwise write to a descriptor that
        is already reused."""
        with self._busy:
            os.close(self._map)
            os.close(self._file)
            self._map = self._file = -1

    def _missing(self, wanted: range) -> range | None:
        """The first run of blocks to fetch at once; None if all wanted blocks are here."""
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
                return  # another process was faster
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
    """Lock these blocks, waiting until no one else fetches any of them; the kernel locks their
    bytes of the map."""
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
    """An id that changes at each boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
