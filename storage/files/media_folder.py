"""Pictures in a local folder."""

from collections.abc import Callable, Container, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from atomic_file import atomic_write
from errors import PictureLost, StoreUnavailable
from storage.files.media import is_one_of, name_of, path_of


@dataclass(frozen=True, slots=True)
class MediaFolder:
    """A folder of JPEG pictures that only its owner may read; see `storage.files.media.Media`."""

    folder: Path

    @property
    def place(self) -> str:
        """Its location, for display."""
        return str(self.folder)

    def save(self, jpeg: bytes) -> str:
        """Store a picture and return its name. Raises StoreUnavailable."""
        name = name_of(jpeg)
        file = self.folder / path_of(name)
        try:
            if file.exists():
                file.touch()  # renews its time for `sweep`
            else:
                _make_private(self.folder, file.parent.parent, file.parent)
                with atomic_write(file) as draft:
                    draft.write(jpeg)
        except OSError as error:
            raise StoreUnavailable(
                f"The picture folder {self.folder} cannot be written ({error.strerror}); "
                "free some space or check the folder."
            ) from error
        return name

    def read(self, name: str) -> bytes:
        """The bytes of a picture. Raises WrongUsage, StoreUnavailable, PictureLost."""
        try:
            return (self.folder / path_of(name)).read_bytes()
        except OSError as error:
            is_gone = isinstance(error, FileNotFoundError) and self.folder.is_dir()
            raise (PictureLost if is_gone else StoreUnavailable)(
                f"Picture {name} cannot be read ({error.strerror}); check {self.folder}."
            ) from error

    def remove(self, names: Iterable[str]) -> int:
        """Delete these now; returns how many existed. Raises WrongUsage, StoreUnavailable."""
        there = [file for file in (self.folder / path_of(name) for name in names) if file.exists()]
        try:
            for file in there:
                file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The picture folder {self.folder} does not allow deletion "
                f"({error.strerror}); check it."
            ) from error
        return len(there)

    def sweep(self, wanted: Callable[[], Container[int]], *, older_than: datetime) -> int:
        """Delete unreferenced pictures; returns how many. Raises StoreUnavailable."""
        try:
            old = [file for file in self.folder.glob("*/*/*") if _modified(file) < older_than]
            kept = wanted() if old else ()
            unwanted = [file for file in old if not is_one_of(kept, file.name)]
            for file in unwanted:
                if _modified(file) < older_than:  # it may have been saved again meanwhile
                    file.unlink(missing_ok=True)
        except OSError as error:
            raise StoreUnavailable(
                f"The picture folder {self.folder} cannot be swept ({error.strerror}); check it."
            ) from error
        return len(unwanted)


def _modified(file: Path) -> datetime:
    with suppress(FileNotFoundError):  # a draft that has just been renamed
        return datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return datetime.max.replace(tzinfo=UTC)


def _make_private(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
