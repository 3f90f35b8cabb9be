"""Sealed pictures: each is encrypted with the key of the recording or case it belongs to.

A file consists of `NRS1`, the key's id in eight bytes (little-endian), and the sealed JPEG.
"""

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from errors import PictureLost
from storage.files.keys import Key, Keyring
from storage.files.media import Media, name_of

_MARK = b"NRS1"
_HEAD_BYTES = len(_MARK) + 8
_JPEG = b"\xff\xd8"


@dataclass(frozen=True, slots=True)
class Album:
    """Stores the pictures of one recording or one case."""

    store: Media
    key: Key

    def save(self, jpeg: bytes) -> str:
        """Seal and store a picture; returns its name. Raises StoreUnavailable."""
        return self.store.save(self._sealed(jpeg))

    def name_of(self, jpeg: bytes) -> str:
        """The name a picture would get; nothing is stored."""
        return name_of(self._sealed(jpeg))

    def _sealed(self, jpeg: bytes) -> bytes:
        head = _MARK + self.key.id.to_bytes(8, "little")
        return head + self.key.seal(jpeg, head)


@dataclass(frozen=True, slots=True)
class SealedMedia:
    """A media store whose pictures cannot be read without the archive's keys."""

    store: Media
    keys: Keyring

    @property
    def place(self) -> str:
        """Its location, for display."""
        return self.store.place

    def of_recording(self, recording_id: int) -> Album:
        """The album for crops from a recording. Raises Purged if it was purged."""
        return Album(self.store, self.keys.of_recording(recording_id))

    def of_case(self, case_id: int) -> Album:
        """The album for crops of a case's reference photos. Raises Purged if it was purged."""
        return Album(self.store, self.keys.of_case(case_id))

    def read(self, name: str) -> bytes:
        """A picture as a JPEG; one stored before keys existed is returned as it is.

        Raises WrongUsage for anything but a picture's name, PictureLost if the picture does not
        exist, was purged with its key, or was altered, and StoreUnavailable.
        """
        return self.reader()(name)

    def reader(self) -> Callable[[str], bytes]:
        """`read` for a few pictures together, which looks each key up once.

        Do not keep it for longer: it could still read pictures that are purged meanwhile.
        """
        by_id = cache(self.keys.by_id)
        return lambda name: _opened(name, self.store.read(name), by_id)

    def remove(self, names: Iterable[str]) -> int:
        """Delete these now, as `Media.remove` does."""
        return self.store.remove(names)

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Delete unreferenced pictures, as `Media.sweep` does."""
        return self.store.sweep(wanted, older_than=older_than)


def _opened(name: str, kept: bytes, by_id: Callable[[int], Key | None]) -> bytes:
    head, sealed = kept[:_HEAD_BYTES], kept[_HEAD_BYTES:]
    if kept.startswith(_JPEG):
        return kept
    if not kept.startswith(_MARK):
        raise PictureLost(f"Picture {name} is damaged; restore it from a copy.")
    key = by_id(int.from_bytes(head[len(_MARK) :], "little"))
    if key is None:
        raise PictureLost(f"Picture {name} was purged with what it belonged to.")
    jpeg = key.open(sealed, head)
    if jpeg is None:
        raise PictureLost("A picture was altered after it was stored; restore it from a copy.")
    return jpeg
