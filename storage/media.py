"""Pictures on disk, named by their content, so that keeping one twice keeps it once."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
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
            if not file.exists():
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

    def _file(self, name: str) -> Path:
        return self.folder / name[:2] / name[2:4] / name


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
