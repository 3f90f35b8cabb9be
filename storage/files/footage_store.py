"""Footage in the organisation's own object store, copied to the local disk to be read.

Only buckets named in the settings are read, at the one endpoint named there: users cannot fetch
arbitrary addresses through it.
"""

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from errors import FootageChanged, FootageVanished, RefusedFootage, StoreUnavailable
from footage.remote.disk_cache import DiskCache
from footage.remote.held_reads import Supply
from footage.remote.sparse_file import UNDER_WAY
from storage.files.objects import Address, Bucket, Entry

PIECE_BYTES = 16 << 20
"""Bytes per request; each request is retried by itself."""


@dataclass(frozen=True, slots=True)
class FootageStore:
    """Buckets of recordings, and the cache on the local disk."""

    buckets: Mapping[str, Bucket]
    """By name; no other bucket may be read."""
    cache: DiskCache
    by_range: bool = False
    """Whether a child process's reads can be held back here until the data has been fetched."""

    def look(self, address: Address) -> Entry:
        """The store's current entry of an object.

        Raises RefusedFootage, FootageVanished and StoreUnavailable.
        """
        with _vanishing():
            return self._bucket(address).head(address.key)

    def list(self, address: Address) -> Iterator[Address]:
        """The objects under a prefix, which ends in a slash. Raises as `look`."""
        for entry in self._bucket(address).list(address.key):
            yield Address(address.bucket, entry.key)

    @contextmanager
    def local_copy(
        self,
        address: Address,
        entry: Entry,
        *,
        sha256: str = "",
        timeout_seconds: float = math.inf,
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> Iterator[Path]:
        """The object as a local file, which is kept until the block ends.

        `progress` is called with the number of bytes fetched so far. Raises FootageChanged if its
        bytes do not have the given `sha256`, FootageVanished, and StoreUnavailable, also when it
        takes longer than `timeout_seconds`: what was fetched by then is kept, and the next call
        continues from there.
        """
        bucket, deadline = self._bucket(address), time.monotonic() + timeout_seconds

        def fill(file: int) -> None:
            for so_far in _fetch(bucket, entry, file):
                progress(so_far)
                if time.monotonic() > deadline and so_far < entry.size_bytes:
                    raise StoreUnavailable(UNDER_WAY)
            if sha256:
                _refuse_another(file, sha256)

        name = _name(bucket, address, entry)
        held = self.cache.hold(name, entry.size_bytes, fill, timeout_seconds=timeout_seconds)
        with held as file:
            yield file

    @contextmanager
    def in_parts(
        self, address: Address, entry: Entry, *, sha256: str, timeout_seconds: float = math.inf
    ) -> Iterator[tuple[Path, Supply | None]]:
        """The object as a local file, and the supply that fetches the parts of it that are read.

        The supply is None if all of it is here; its bytes then have the given `sha256`. Until
        then, the tag of `entry` ensures that all parts are of the same object. Raises as
        `local_copy`; fetching does, too, when it takes longer than `timeout_seconds` in total.
        """
        bucket = self._bucket(address)

        def fetch(start: int, end: int) -> bytes:
            with _vanishing():
                return bucket.get_range(entry, start, end)

        with self.cache.hold_in_parts(
            _name(bucket, address, entry),
            entry.size_bytes,
            fetch,
            lambda file: _refuse_another(file, sha256),
            timeout_seconds=timeout_seconds,
        ) as held:
            yield held

    def _bucket(self, address: Address) -> Bucket:
        if address.bucket not in self.buckets:
            raise RefusedFootage(
                "Footage is not read from this bucket; NIGHTREEL_FOOTAGE_BUCKETS must name it."
            )
        return self.buckets[address.bucket]


def _fetch(bucket: Bucket, entry: Entry, file: int) -> Iterator[int]:
    """Append the missing bytes of an object, piece by piece; yields the size so far."""
    so_far = os.lseek(file, 0, os.SEEK_END)
    while so_far < entry.size_bytes:
        with _vanishing():
            end = min(so_far + PIECE_BYTES, entry.size_bytes)
            piece = bucket.get_range(entry, so_far, end)
        so_far += os.pwrite(file, piece, so_far)
        yield so_far


def _name(bucket: Bucket, address: Address, entry: Entry) -> str:
    """The name of an object in the cache; it changes when the object is replaced."""
    return hashlib.sha256(f"{bucket.endpoint} {address} {entry}".encode()).hexdigest()


def _refuse_another(file: int, sha256: str) -> None:
    os.lseek(file, 0, os.SEEK_SET)
    with open(file, "rb", closefd=False) as whole:
        if hashlib.file_digest(whole, "sha256").hexdigest() != sha256:
            raise FootageChanged("The object has been replaced since it was added; add it again.")


@contextmanager
def _vanishing() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FootageVanished(
            "The object is no longer in its bucket, or was replaced; restore it."
        ) from error
