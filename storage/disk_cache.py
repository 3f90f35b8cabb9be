"""Whole files from elsewhere, kept on this disk as long as there is room, by any number of
processes: one fetches what another needs too, and nobody removes what somebody reads.

The kernel's locks on the files themselves say who does what, so a process that is killed leaves
nothing locked: the next one goes on with its half of a file.
"""

import fcntl
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from errors import Permanent, StoreUnavailable

_PART = ".part"
_LOOK_SECONDS = 0.2
"""How often it is seen whether somebody else has fetched a file."""


@dataclass(frozen=True, slots=True)
class DiskCache:
    """A folder that only its owner may read, of at most `limit_bytes`."""

    folder: Path
    limit_bytes: int

    @contextmanager
    def hold(
        self,
        name: str,
        size_bytes: int,
        fill: Callable[[int], None],
        *,
        patience_seconds: float = math.inf,
    ) -> Iterator[Path]:
        """The file of this name; it stays until the block ends.

        If it is not here, `fill` is given an open descriptor to append to: what an earlier call has
        written is there already. What it raises is raised; after something Permanent the half is
        removed. Raises StoreUnavailable when there is no room, when the disk takes no writes, or
        when somebody else has been filling the file for longer than `patience_seconds`.
        """
        deadline = time.monotonic() + patience_seconds
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            while (file := self._take(name)) is None:
                self._fetch(name, size_bytes, fill, deadline)
        except OSError as error:
            raise StoreUnavailable(
                f"The footage cache {self.folder} does not take a file ({error.strerror}); "
                "free some space or check the folder."
            ) from error
        try:
            yield self.folder / name
        finally:
            os.close(file)

    def clear(self) -> None:
        """Remove whatever nobody holds or fetches at the moment."""
        if self.folder.exists():
            for path, _, _ in list(self._entries()):
                _removed(path)

    def _take(self, name: str) -> int | None:
        """A descriptor whose lock keeps the file; None when it is not here."""
        file = _lock(self.folder / name, os.O_RDONLY, fcntl.LOCK_SH)
        if file is not None:
            os.utime(file)  # the least recently used goes first
        return file

    def _fetch(
        self, name: str, size_bytes: int, fill: Callable[[int], None], deadline: float
    ) -> None:
        part = self.folder / f"{name}.{size_bytes}{_PART}"
        with _locked(self.folder / ".room"):
            file = _lock(part, os.O_RDWR | os.O_CREAT, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if file is not None:
                self._make_room(part, size_bytes)
        if file is None:
            _wait_until(deadline)
            return
        try:
            if (self.folder / name).exists():  # since we looked
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
        """For a file that is about to be fetched; it counts as a whole from now on."""
        entries = sorted(self._entries(), key=lambda entry: entry[2])
        used = sum(size for _, size, _ in entries)
        if size_bytes <= self.limit_bytes:
            for path, size, _ in entries:
                if used > self.limit_bytes and path != part and _removed(path):
                    used -= size
        if used > self.limit_bytes:
            part.unlink()
            raise self._no_room(size_bytes)

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
                yield path, _whole_size(path) or found.st_size, found.st_mtime_ns


def _whole_size(path: Path) -> int:
    """The size that a half of a file is to have; 0 for a whole one."""
    return int(path.suffixes[-2][1:]) if path.suffix == _PART else 0


def _wait_until(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise StoreUnavailable(
            "This footage is still being brought here by another process; it is asked for again."
        )
    time.sleep(_LOOK_SECONDS)


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
