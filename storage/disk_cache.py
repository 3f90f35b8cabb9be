"""Whole files from elsewhere, kept on this disk as long as there is room, by any number of
processes: one fetches what another needs too, and nobody removes what somebody reads.

The kernel's locks on the files themselves say who does what, so a process that is killed leaves
nothing locked: its half of a file is written anew by the next one.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from errors import StoreUnavailable

_PART = ".part"


@dataclass(frozen=True, slots=True)
class DiskCache:
    """A folder that only its owner may read, of at most `limit_bytes`."""

    folder: Path
    limit_bytes: int

    @contextmanager
    def hold(self, name: str, size_bytes: int, fill: Callable[[int], None]) -> Iterator[Path]:
        """The file of this name; it stays until the block ends.

        If it is not here, `fill` is given an open descriptor to write it to, and what it raises is
        raised. Raises StoreUnavailable when there is no room, or the disk takes no writes.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while (file := self._take(name)) is None:
                self._fetch(name, size_bytes, fill)
        except OSError as error:
            raise StoreUnavailable(
                f"The footage cache {self.folder} does not take a file ({error.strerror}); "
                "free some space or check the folder."
            ) from error
        try:
            yield self.folder / name
        finally:
            os.close(file)

    def _take(self, name: str) -> int | None:
        """A descriptor whose lock keeps the file; None when it is not here."""
        file = _lock(self.folder / name, os.O_RDONLY, fcntl.LOCK_SH)
        if file is not None:
            os.utime(file)  # the least recently used goes first
        return file

    def _fetch(self, name: str, size_bytes: int, fill: Callable[[int], None]) -> None:
        part = self.folder / (name + _PART)
        file = _lock(part, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX)  # waits for who fetches it now
        if file is None:
            return
        try:
            if (self.folder / name).exists():  # since we looked
                part.unlink()
                return
            self._reserve(file, size_bytes)
            fill(file)
            os.fsync(file)
            part.rename(self.folder / name)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        finally:
            os.close(file)

    def _reserve(self, file: int, size_bytes: int) -> None:
        """Let the file have its size now, so that others see how much room is left."""
        if size_bytes > self.limit_bytes:
            raise self._no_room(size_bytes)
        with _locked(self.folder / ".room"):
            os.ftruncate(file, 0)
            entries = sorted(self._entries(), key=lambda entry: entry[2])
            used = sum(size for _, size, _ in entries)
            for path, size, _ in entries:
                if used + size_bytes <= self.limit_bytes:
                    break
                used -= size if _removed(path) else 0
            if used + size_bytes > self.limit_bytes:
                raise self._no_room(size_bytes)
            os.posix_fallocate(file, 0, max(size_bytes, 1))

    def _no_room(self, size_bytes: int) -> StoreUnavailable:
        return StoreUnavailable(
            f"The footage cache of {self.limit_bytes >> 20} MB has no room for a recording of"
            f" {size_bytes >> 20} MB; raise NIGHTREEL_FOOTAGE_CACHE_MB."
        )

    def _entries(self) -> Iterator[tuple[Path, int, int]]:
        """Every file with its size and when it was last used."""
        for path in self.folder.iterdir():
            with suppress(FileNotFoundError):
                found = path.stat()
                yield path, found.st_size, found.st_mtime_ns


def _lock(path: Path, flags: int, kind: int) -> int | None:
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


def _removed(path: Path) -> bool:
    """Remove a file that nobody holds or fetches; says whether it was."""
    file = _lock(path, os.O_RDONLY, fcntl.LOCK_EX | fcntl.LOCK_NB)
    if file is None:
        return False
    path.unlink(missing_ok=True)
    os.close(file)
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until nobody else is in here."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
