"""Pictures in an S3-compatible object store, for workers on many machines."""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime

from errors import PictureLost
from storage.files.media import is_one_of, name_of, path_of
from storage.files.objects import Address, Bucket


@dataclass(frozen=True, slots=True)
class MediaBucket:
    """Pictures under one prefix of a bucket; see `storage.files.media.Media`."""

    bucket: Bucket
    prefix: str
    """Empty, or ending in a slash."""

    @property
    def place(self) -> str:
        """Its location, for display."""
        return f"{Address(self.bucket.name, self.prefix)} at {self.bucket.endpoint}"

    def save(self, jpeg: bytes) -> str:
        """Store a picture and return its name. Raises StoreUnavailable.

        It is always written, since that renews its time for `sweep`; the store replaces an object
        as a whole.
        """
        name = name_of(jpeg)
        self.bucket.put(self.prefix + path_of(name), jpeg)
        return name

    def read(self, name: str) -> bytes:
        """The bytes of a picture. Raises WrongUsage, StoreUnavailable, PictureLost."""
        try:
            return self.bucket.get(self.prefix + path_of(name))
        except FileNotFoundError as error:
            raise PictureLost(
                f"Picture {name} cannot be read (it is not there); check {self.place}."
            ) from error

    def remove(self, names: Iterable[str]) -> int:
        """Delete these now; returns how many existed. Raises WrongUsage, StoreUnavailable."""
        keys = [self.prefix + path_of(name) for name in names]
        there = [key for key in keys if self._is_there(key)]
        self.bucket.delete(there)
        return len(there)

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Delete unreferenced pictures; returns how many. Raises StoreUnavailable."""
        entries = self.bucket.list(self.prefix)
        old = [entry.key for entry in entries if entry.modified_at < older_than]
        kept = wanted() if old else ()
        unwanted = [key for key in old if not is_one_of(kept, key.rpartition("/")[2])]
        # A picture may have been saved again meanwhile.
        self.bucket.delete([key for key in unwanted if self._is_older(key, older_than)])
        return len(unwanted)

    def _is_there(self, key: str) -> bool:
        try:
            self.bucket.head(key)
        except FileNotFoundError:
            return False
        return True

    def _is_older(self, key: str, moment: datetime) -> bool:
        try:
            return self.bucket.head(key).modified_at < moment
        except FileNotFoundError:  # another process sweeps
            return False
