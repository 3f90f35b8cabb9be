"""Footage in the organisation's own object store, brought to this disk to be read.

Only buckets that the settings name are read, at the one endpoint they name: this is no way to
fetch something by its address.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from errors import FootageChanged, FootageVanished, RefusedFootage
from storage.disk_cache import DiskCache
from storage.objects import Address, Bucket, Entry

PIECE_BYTES = 16 << 20
"""Asked for at once: each piece is tried again by itself."""


@dataclass(frozen=True, slots=True)
class FootageStore:
    """Buckets of recordings, and the cache on this disk."""

    buckets: Mapping[str, Bucket]
    """By name; what is in no other may be read."""
    cache: DiskCache

    def look(self, address: Address) -> Entry:
        """What the store says of an object now.

        Raises RefusedFootage, FootageVanished and StoreUnavailable.
        """
        with _vanishing():
            return self._bucket(address).head(address.key)

    def list(self, address: Address) -> Iterator[Address]:
        """The objects beneath a prefix, which ends in a slash. Raises as `look`."""
        for entry in self._bucket(address).list(address.key):
            yield Address(address.bucket, entry.key)

    @contextmanager
    def at_hand(
        self,
        address: Address,
        entry: Entry,
        *,
        sha256: str = "",
        progress: Callable[[int], None] = lambda _bytes: None,
    ) -> Iterator[Path]:
        """The object as a file on this disk, which stays until the block ends.

        Raises FootageChanged when its bytes are not those of `sha256`, if that is known, and
        FootageVanished and StoreUnavailable.
        """
        bucket = self._bucket(address)

        def fill(file: int) -> None:
            digest = hashlib.sha256()
            for start in range(0, entry.size_bytes, PIECE_BYTES):
                with _vanishing():
                    end = min(start + PIECE_BYTES, entry.size_bytes)
                    piece = bucket.get_range(entry, start, end)
                digest.update(piece)
                os.pwrite(file, piece, start)
                progress(start + len(piece))
            if sha256 and digest.hexdigest() != sha256:
                raise FootageChanged("The object was replaced since it was added; add it again.")

        name = hashlib.sha256(f"{bucket.endpoint} {address} {entry}".encode()).hexdigest()
        with self.cache.hold(name, entry.size_bytes, fill) as file:
            yield file

    def _bucket(self, address: Address) -> Bucket:
        if address.bucket not in self.buckets:
            raise RefusedFootage(
                "Footage is not read from this bucket; NIGHTREEL_FOOTAGE_BUCKETS must name it."
            )
        return self.buckets[address.bucket]


@contextmanager
def _vanishing() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise FootageVanished(
            "The object is not in its bucket any more, or another one is; bring it back."
        ) from error
