"""Pictures named by their content, so that saving one twice stores it once.

They are stored by `media_folder` or `media_bucket`.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterable
from datetime import datetime
from typing import Protocol

from errors import WrongUsage

_NAME = re.compile(r"[0-9a-f]{64}\.jpg")


class Media(Protocol):
    """A store of JPEG pictures that only Nightreel may read."""

    @property
    def place(self) -> str:
        """Its location, for display."""
        ...

    def save(self, jpeg: bytes) -> str:
        """Store a picture and return its name; when this returns, it survives a power cut.

        A picture is stored completely or not at all. Raises StoreUnavailable if it cannot be.
        """
        ...

    def read(self, name: str) -> bytes:
        """The bytes of a picture.

        Raises WrongUsage for anything but a name that `save` returned, PictureLost if the store
        answers and does not have it, and StoreUnavailable if it does not answer.
        """
        ...

    def remove(self, names: Iterable[str]) -> int:
        """Delete these now; returns how many existed. Raises WrongUsage, StoreUnavailable."""
        ...

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Delete unreferenced pictures, and partial files that a killed process left.

        Only those last saved before `older_than`: the names of later ones may not be committed
        yet. `wanted` returns the numbers (`number_of`) of those to keep, and is called after the
        store was listed. Returns how many were deleted. Raises StoreUnavailable.
        """
        ...


def name_of(jpeg: bytes) -> str:
    """The name of a picture: the sha256 of its bytes, and `.jpg`."""
    return f"{hashlib.sha256(jpeg).hexdigest()}.jpg"


def path_of(name: str) -> str:
    """The relative path of a picture in its store; pictures are spread over folders.

    Raises WrongUsage for anything but a picture's name.
    """
    if not _NAME.fullmatch(name):
        raise WrongUsage("Not the name of a picture; use one from a result.")
    return f"{name[:2]}/{name[2:4]}/{name}"


def number_of(name: str) -> int:
    """The first 64 bits of a picture's name: enough to tell pictures apart, with little memory."""
    return int(name[:16], 16)


def is_one_of(kept: Container[int], name: str) -> bool:
    """Whether a file name is that of a picture to keep, by the numbers in `kept`."""
    return bool(_NAME.fullmatch(name)) and number_of(name) in kept
