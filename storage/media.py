"""Pictures on disk, named by their content, so that keeping one twice keeps it once."""

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Container
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from errors import StoreUnavailable, WrongUsage

_NAME = re.compile(r"[0-9a-f]{64}\.jpg")


@dataclass(frozen=True, slots=True)
class Media:
    """A folder of JPEG pictures that only its owner may read."""

    folder: Path

    def save(self, jpeg: bytes) -> str:
        """Keep a picture and return its name; when this returns, it survives a power cut.

        Raises StoreUnavailable when the disk does not take it.
        """
        name = f"{hashlib.sha256(jpeg).hexdigest()}.jpg"
        file = self._file(name)
        try:
            if file.exists():
                file.touch()  # as good as new, for `sweep`
            else:
                _make_private(self.folder, file.parent.parent, file.parent)
                _write_whole(file, jpeg)
        except OSError as error:
            raise StoreUnavailable(
                f"The picture folder {self.folder} does not take writes ({error.strerror}); "
                "free some space or check the folder."
            ) from error
        return name

    def read(self, name: str) -> bytes:
        """The bytes of a picture.

        Raises WrongUsage for anything but a name `save` returned, and StoreUnavailable when the
        picture is not there.
        """
        if not _NAME.fullmatch(name):
            raise WrongUsage("This is no name of a picture; use one from a result.")
        try:
            return self._file(name).read_bytes()
        except OSError as error:
            raise StoreUnavailable(
                f"Picture {name} cannot be read ({error.strerror}); check {self.folder}."
            ) from error

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Remove pictures that nobody wants, and what a killed process left half written.

        Younger ones are left alone: whoever saved them may not have committed their names yet.
        `wanted` gives the numbers (`number_of`) of those to keep, and is asked after the folder was
        read. Returns how many were removed. Raises StoreUnavailable.
        """
        try:
            old = [file for file in self.folder.glob("*/*/*") if _modified(file) < older_than]
            kept = wanted() if old else ()
            unwanted = [file for file in old if not _is_one_of(kept, file)]
            for file in unwanted:
                if _modified(file) < older_than:  # somebody may have saved it again meanwhile
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The picture folder {self.folder} cannot be swept ({error.strerror}); check it."
            ) from error
        return len(unwanted)

    def _file(self, name: str) -> Path:
        return self.folder / name[:2] / name[2:4] / name


def number_of(name: str) -> int:
    """The first 64 bits of a picture's name: enough to tell pictures apart, in little memory."""
    return int(name[:16], 16)


def _is_one_of(kept: Container[int], file: Path) -> bool:
    return bool(_NAME.fullmatch(file.name)) and number_of(file.name) in kept


def _modified(file: Path) -> datetime:
    with suppress(FileNotFoundError):  # a draft that has just been given its name
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return datetime.max.replace(tzinfo=UTC)


def _make_private(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def _write_whole(file: Path, content: bytes) -> None:
    # mkstemp makes the file for its owner alone; the rename makes it appear whole or not at all.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=".")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).rename(file)
        _sync_folder(file.parent)
    finally:
        Path(temporary).unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
