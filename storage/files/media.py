"""Pictures named by their content, so that keeping one twice keeps it once.

Where they lie is said in `media_folder` and `media_bucket`.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterable
from datetime import datetime
from typing import Protocol

from errors import WrongUsage

_NAME = re.compile(r"[0-9a-f]{64}\.jpg")


class Media(Protocol):
    """A place for JPEG pictures that only Nightreel may read."""

    @property
    def place(self) -> str:
        """Where it is, for people."""
        ...

    def save(self, jpeg: bytes) -> str:
        """Keep a picture and return its name; when this returns, it survives a power cut.

        A picture is there whole or not at all. Raises StoreUnavailable when it cannot be kept.
        """
        ...

    def read(self, name: str) -> bytes:
        """The bytes of a picture.

        Raises WrongUsage for anything but a name `save` returned, PictureLost when the store
        answers and does not have it, StoreUnavailable when it does not answer.
        """
        ...

    def remove(self, names: Iterable[str]) -> int:
        """Remove these now; returns how many were there. Raises WrongUsage, StoreUnavailable."""
        ...

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Remove pictures that nobody wants, and what a killed process left half written.

        Younger ones are left alone: whoever saved them may not have committed their names yet.
        `wanted` gives the numbers (`number_of`) of those to keep, and is asked after the place was
        read. Returns how many were removed. Raises StoreUnavailable.
        """
        ...


def name_of(jpeg: bytes) -> str:
    """What a picture is called."""
    return f"{hashlib.sha256(jpeg).hexdigest()}.jpg"


def path_of(name: str) -> str:
    """Where a picture lies in its place, spread over folders.

    Raises WrongUsage for anything but a picture's name.
    """
    if not _NAME.fullmatch(name):
        raise WrongUsage("Not the name of a picture; use one from a result.")
    return f"{name[:2]}/{name[2:4]}/{name}"


def number_of(name: str) -> int:
    """The first 64 bits of a picture's name: enough to tell pictures apart, in little memory."""
    return int(name[:16], 16)


def is_one_of(kept: Container[int], name: str) -> bool:
    """Whether something that was found is a picture that is to be kept."""
    return bool(_NAME.fullmatch(name)) and number_of(name) in kept
