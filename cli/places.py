"""What a user gives as footage: files, folders of them, or objects of the organisation's store."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from errors import NightreelError, WrongUsage
from pipeline.local_footage import configured
from storage.files.objects import SCHEME, Address
from worker.resources import resources

VIDEO_ENDINGS = frozenset(
    [
        ".3gp",
        ".asf",
        ".avi",
        ".dav",
        ".dv",
        ".flv",
        ".h264",
        ".h265",
        ".hevc",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    ]
)
"""Which files are taken from a folder; a file given by itself is read whatever its suffix."""


def place_of(word: str) -> Path | Address:
    """The place that a user gave: a path, or an object of the organisation's own store.

    Raises WrongUsage for any other address: nothing is downloaded from the network.
    """
    scheme, is_address, _ = word.partition("://")
    if not is_address or not scheme.isalnum() or Path(word).exists():
        return Path(word)
    if scheme == SCHEME:
        return Address.parse(word)
    raise WrongUsage(f"Footage is read from files and from your own object store, not by {scheme}.")


def files_in(places: Iterable[Path | Address]) -> Iterator[Path | Address]:
    """Folders become the videos in them, at any depth, sorted by name; one without videos stays.

    An address that ends in a slash is a folder. Raises as `FootageStore.list`.
    """
    for place in places:
        files = _files_at(place) if isinstance(place, Path) else _objects_at(place)
        yield from files or [place]


def _files_at(folder: Path) -> Sequence[Path]:
    paths = (Path(path, name) for path, _, names in os.walk(folder) for name in names)
    return sorted(path for path in paths if path.suffix.lower() in VIDEO_ENDINGS)


def _objects_at(address: Address) -> Sequence[Address]:
    if not address.key.endswith("/"):
        return []
    entries = configured(resources().footage_store).list(address)
    videos = (
        entry for entry in entries if PurePosixPath(entry.key).suffix.lower() in VIDEO_ENDINGS
    )
    return sorted(videos, key=lambda entry: entry.key)  # not every store returns this order


def size_bytes(place: Path | Address) -> int | None:
    """The size; None if it cannot be read: the reader of the file reports the problem."""
    with suppress(OSError, NightreelError):
        if isinstance(place, Path):
            return place.stat().st_size
        return configured(resources().footage_store).look(place).size_bytes
    return None
