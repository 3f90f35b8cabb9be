"""An online backup of one archive: the database, and every file that it names.

The database is copied first, then the files. A picture is written before the row that names it is
committed, and removed after the row is deleted. So every file that a copied row names exists,
unless it was purged in the meantime. Then the database is copied again, so that purged data does
not stay in the backup.
"""

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from errors import Busy, DiskFull, KeyMissing, WrongUsage
from pipeline.act import Caller
from pipeline.archive.layout import AUDIT_KEY, MASTER_KEY, SETTINGS, WHOLE_FOLDERS, Archive
from pipeline.archive.manifest import FORMAT, NAME, Kept, Manifest
from pipeline.clock import utc_now
from storage.access.audit import Action
from storage.access.checkpoints import anything_signed
from storage.archive import inventory
from storage.archive.inventory import Inventory
from storage.database.database import Engine, reading
from storage.database.snapshots import FILE_OF, snapshot
from storage.files.keys import anything_sealed
from storage.files.media import path_of
from storage.files.private_files import DRAFT, copy, digest, disk_explained, draft_in, side_by_side

ROUNDS = 5
"""The most copies of the database, when data is purged during the backup."""
ALWAYS_LEFT_OUT = (
    "The queue, logs, locks and passwords of services are made again.",
    "The vector index and footage fetched from an object store are made or fetched again.",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What to back up, and how."""

    archive: Archive
    folder: Path
    """The target; it does not exist yet, or is empty."""
    with_keys: bool
    product: str
    """The version of this program."""


def back_up(caller: Caller, wish: Wish) -> Manifest:
    """Make a backup in a folder, and return its manifest.

    Raises WrongUsage for a folder that cannot be used, KeyMissing and WrongDatabase for an archive
    that could not be restored, DiskFull, StoreUnavailable, and Busy when data is purged again and
    again during the backup. After an error nothing is left in the folder.
    """
    _refuse_folder(wish.folder, wish.archive.home)
    _refuse_without_keys(wish.archive, caller.database)
    number = secrets.token_hex(8)
    caller.act(Action.BACKED_UP).note(None, backup=number)
    with draft_in(wish.folder, last=NAME) as draft:
        made = _Backup(wish, caller.database, draft, number).make()
        with disk_explained(_no_room(wish.folder, made.bytes)):
            (draft / NAME).touch(mode=0o600)
            (draft / NAME).write_text(made.text)
            digest(draft / NAME)
    return made


@dataclass(slots=True)
class _Backup:
    wish: Wish
    database: Engine
    draft: Path
    id: str

    def make(self) -> Manifest:
        """Copy the database and its files, until nothing was purged in the meantime."""
        copied: dict[str, Kept] = {}
        lost: set[str] = set()
        for _ in range(ROUNDS):
            taken_at = utc_now()  # not the caller's now: each round copies the database again
            taken = self._snapshot()
            wanted = dict(self._wanted(taken))
            missing = self._copy(wanted, copied)
            if not self._was_erased_since(taken) and missing == lost:
                self._drop(copied, wanted)
                return self._manifest(taken, taken_at, copied, missing)
            lost = missing
        raise Busy("Something was purged again and again during the backup; try again later.")

    def _snapshot(self) -> Inventory:
        needed = _size_of(self.database)
        self._refuse_without_room(needed)
        with (
            disk_explained(_no_room(self.wish.folder, needed)),
            snapshot(self.database, self.draft) as session,
        ):
            return inventory.take(session)

    def _wanted(self, taken: Inventory) -> Iterator[tuple[str, Path]]:
        """Each file: its name in the backup, and its path."""
        home = self.wish.archive.home
        if self.wish.with_keys:
            yield from self.wish.archive.keys.items()
        yield SETTINGS, home / SETTINGS
        for folder in WHOLE_FOLDERS:
            for file in sorted((home / folder).rglob("*")):
                if file.is_file():
                    yield file.relative_to(home).as_posix(), file
        if not self.wish.archive.media_url:
            for name in sorted(taken.pictures):
                yield f"media/{path_of(name)}", home / "media" / path_of(name)
        for file in taken.footage:
            if file.parent == home / "footage":
                yield f"footage/{file.name}", file
        for upload in taken.uploads:
            yield f"uploads/{upload}.part", home / "uploads" / f"{upload}.part"

    def _copy(self, wanted: dict[str, Path], copied: dict[str, Kept]) -> set[str]:
        """Copy the files not copied yet; returns those missing or not matching their name."""
        for name in [name for name in copied if name.startswith("uploads/")]:
            self._drop_one(copied, name)  # it may have grown
        new = {name: file for name, file in wanted.items() if name not in copied}
        needed = sum(file.stat().st_size for file in new.values() if file.is_file())
        self._refuse_without_room(needed)
        missing = set()
        with disk_explained(_no_room(self.wish.folder, needed)):
            for name, kept in zip(new, side_by_side(self._kept, list(new.items())), strict=True):
                if kept is not None:
                    copied[name] = kept
                elif name not in (SETTINGS, AUDIT_KEY, MASTER_KEY):
                    missing.add(name)
        return missing

    def _kept(self, wanted: tuple[str, Path]) -> Kept | None:
        name, file = wanted
        try:
            copied = copy(file.resolve(), self.draft / name)
        except FileNotFoundError:
            return None
        folder, _, file_name = name.rpartition("/")
        if folder.partition("/")[0] in ("media", "footage") and copied.sha256 != file_name[:64]:
            (self.draft / name).unlink()
            return None
        return Kept(name, copied.bytes, copied.sha256)

    def _drop(self, copied: dict[str, Kept], wanted: dict[str, Path]) -> None:
        for name in copied.keys() - wanted.keys():
            self._drop_one(copied, name)

    def _drop_one(self, copied: dict[str, Kept], name: str) -> None:
        del copied[name]
        (self.draft / name).unlink()

    def _was_erased_since(self, taken: Inventory) -> bool:
        with reading(self.database) as session:
            return inventory.was_erased_since(session, taken.entries)

    def _refuse_without_room(self, needed: int) -> None:
        if shutil.disk_usage(self.draft).free < needed:
            raise DiskFull(_no_room(self.wish.folder, needed))

    def _manifest(
        self, taken: Inventory, taken_at: datetime, copied: dict[str, Kept], missing: set[str]
    ) -> Manifest:
        name = FILE_OF[self.database.dialect.name]
        database_file = digest(self.draft / name)
        return Manifest(
            format=FORMAT,
            id=self.id,
            product=self.wish.product,
            tables=taken.version,
            taken_at=taken_at.isoformat(timespec="seconds"),
            database=self.database.dialect.name,
            home=str(self.wish.archive.home),
            audit_entries=taken.entries,
            is_sealed=taken.is_sealed,
            rows=taken.rows,
            missing=tuple(sorted(missing - self._begun(taken))),
            left_out=tuple(self._left_out(taken)),
            files=(Kept(name, database_file.bytes, database_file.sha256), *copied.values()),
        )

    def _begun(self, taken: Inventory) -> set[str]:
        """The names of incomplete uploads; they may be missing."""
        return {f"uploads/{id}.part" for id, is_whole in taken.uploads.items() if not is_whole}

    def _left_out(self, taken: Inventory) -> Iterator[str]:
        archive = self.wish.archive
        elsewhere = sum(
            file != Path() and file.parent != archive.home / "footage" for file in taken.footage
        )
        if elsewhere:
            yield f"Footage outside the home folder, where it stays; recordings: {elsewhere}."
        if archive.media_url and taken.pictures:
            yield f"Pictures in {archive.media_url}: {len(taken.pictures)}."
        if not self.wish.with_keys:
            yield "The key files, without which it cannot be restored."
        yield from ALWAYS_LEFT_OUT


def _refuse_folder(folder: Path, home: Path) -> None:
    real, own_home = folder.resolve(), home.resolve()
    if real == own_home or own_home in real.parents:
        raise WrongUsage(f"{folder} is in the home folder; name one outside, on another disk.")
    if folder.exists() and not folder.is_dir():
        raise WrongUsage(f"{folder} is a file; name a folder that is not there yet, or empty.")
    if folder.is_dir() and any(path.name != DRAFT for path in folder.iterdir()):
        raise WrongUsage(f"{folder} is not empty; name a folder that is not there yet, or empty.")


def _refuse_without_keys(archive: Archive, database: Engine) -> None:
    uses = {MASTER_KEY: anything_sealed, AUDIT_KEY: anything_signed}
    for name, file in archive.keys.items():
        if not file.is_file() and uses[name](database):
            raise KeyMissing(
                f"The key file {file} is missing, and a backup without it would be of no use; "
                "put it back from a copy."
            )


def _size_of(database: Engine) -> int:
    file = Path(database.url.database or "")
    return file.stat().st_size if database.dialect.name == "sqlite" else 0


def _no_room(folder: Path, needed: int) -> str:
    return (
        f"The disk of {folder} has no room for this backup: about {needed / 1e6:,.1f} MB are "
        "needed; free some space, or name a folder of another disk."
    )
