"""Restore a backup into an empty home: completely and verified, or not at all."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from errors import Altered, DiskFull, NightreelError, StoreUnavailable
from pipeline.act import Caller
from pipeline.archive.layout import AUDIT_KEY, MASTER_KEY, SETTINGS, Archive
from pipeline.archive.manifest import Kept, Manifest
from pipeline.archive.preconditions import changed, missing, refuse_unfit, refuse_used
from pipeline.governance.audit import Examined, examine
from storage.access.audit import Action
from storage.access.checkpoints import anything_signed, public_half, signing_key
from storage.archive import inventory
from storage.archive.moving import let_go, log_out, move_footage
from storage.database import pg_client
from storage.database.database import Engine, connect, reading, upgrade, writing
from storage.database.snapshots import FILE_OF, file_of, refuse_damaged
from storage.files.crops import crop_names
from storage.files.keys import Keyring, master_key
from storage.files.media import Media
from storage.files.media_folder import MediaFolder
from storage.files.private_files import (
    copy,
    disk_explained,
    draft_in,
    put,
    side_by_side,
)
from storage.files.sealed import SealedMedia

SQLITE = FILE_OF["sqlite"]
PICTURES_TRIED = 20
"""One that opens is enough; some may have been missing when the backup was made."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The result of a restore."""

    audit: Examined
    picture: str
    """Empty if a sealed picture could be opened or there is none; else why none could."""
    let_go: int
    """How many segments workers held when the backup was made; they are queued again."""
    footage: int
    """How many recordings have their uploaded footage in the home folder again."""


@contextmanager
def settings_placed(source: Path, made: Manifest, home: Path) -> Iterator[None]:
    """Copy the backup's settings file into an empty home, unless the home has one.

    The copy is removed if the block raises. Raises WrongUsage for a home that is not empty,
    Altered, StoreUnavailable.
    """
    refuse_used(home)
    kept, target, is_new = made.file(SETTINGS), home / SETTINGS, not home.exists()
    if kept is None or target.exists():
        yield
        return
    try:
        _copy(source, kept, target)
        yield
    except BaseException:
        target.unlink(missing_ok=True)
        if is_new:
            shutil.rmtree(home, ignore_errors=True)
        raise


def restore(
    source: Path,
    made: Manifest,
    archive: Archive,
    *,
    bucket: Media | None,
    actor: str,
    now: datetime,
) -> Restored:
    """Restore a backup into an empty home and an empty database.

    `bucket` stores the pictures that are not in the home folder. There is no `Caller` because there
    is no database yet. Raises WrongUsage when a location is in use or a newer program made the
    backup, Altered with the first file that is missing or altered, KeyMissing, DiskFull,
    StoreUnavailable.
    """
    refuse_unfit(source, made, archive)
    with draft_in(archive.home, last=SQLITE) as draft:
        _copy_all(source, made, draft)
        restored = _Restoring(made, archive, draft, bucket, actor, now).finish()
        _put_elsewhere(draft, archive)
    return restored


@dataclass(frozen=True, slots=True)
class _Restoring:
    """The files of a backup in a draft folder that becomes the home folder."""

    made: Manifest
    archive: Archive
    draft: Path
    bucket: Media | None
    actor: str
    now: datetime

    def finish(self) -> Restored:
        """Load the database, verify it, and adapt it to its new location."""
        if self.made.database == "sqlite":
            return self._finish(connect(f"sqlite:///{self.draft / SQLITE}"))
        dump = self.draft / FILE_OF["postgresql"]
        database = connect(self.archive.database_url)
        pg_client.load(database, dump)
        dump.unlink()
        try:
            return self._finish(database)
        except NightreelError as error:
            raise type(error)(f"{error} The database is filled; empty it first.") from error

    def _finish(self, database: Engine) -> Restored:
        try:
            if self.made.database == "sqlite":
                refuse_damaged(database)
            self._refuse_other_rows(database)
            key = self._key(MASTER_KEY)
            upgrade(database, lambda: master_key(database, key))
            audit = examine(database, public_key=self._public_key(database))
            waiting, moved = self._fit(database)
            return Restored(audit, self._unopened(database, key), waiting, moved)
        finally:
            database.dispose()

    def _refuse_other_rows(self, database: Engine) -> None:
        with reading(database) as session:
            rows = inventory.count_rows(session)
        for name, number in self.made.rows.items():
            if rows.get(name) != number:
                raise Altered(
                    f"The database of the backup has {rows.get(name, 0)} rows of {name}, and its "
                    f"manifest says {number}; use another backup."
                )

    def _public_key(self, database: Engine) -> str:
        if not anything_signed(database):
            return ""
        return public_half(signing_key(database, self._key(AUDIT_KEY)))

    def _key(self, name: str) -> Path:
        return self.draft / name if self.made.file(name) else self.archive.keys[name]

    def _fit(self, database: Engine) -> tuple[int, int]:
        act = Caller(database, self.actor, self.now).act(Action.RESTORED)
        with writing(database) as session:
            waiting, moved = let_go(session), move_footage(session, self._footage())
            log_out(session)
            act.record(session, None, backup=self.made.id, entries=self.made.audit_entries)
        return waiting, moved

    def _footage(self) -> Mapping[Path, tuple[Path, int]]:
        before, now = Path(self.made.home) / "footage", self.archive.home / "footage"
        files = (self.draft / "footage").glob("*")
        return {before / file.name: (now / file.name, file.stat().st_mtime_ns) for file in files}

    def _unopened(self, database: Engine, key: Path) -> str:
        """Why no picture can be opened; empty if one can. Raises WrongUsage for another key."""
        if not self.made.is_sealed:
            return ""
        keys = Keyring(database, master_key(database, key))
        media = SealedMedia(self.bucket or MediaFolder(self.draft / "media"), keys)
        why = ""
        with reading(database) as session:
            keys.refuse_second_master(session)
            names = list(islice(crop_names(session), PICTURES_TRIED))
        for name in names:
            try:
                media.read(name)
                return ""
            except StoreUnavailable as error:
                why = str(error)
        return why


def _copy_all(source: Path, made: Manifest, draft: Path) -> None:
    needed = sum(kept.bytes for kept in made.files)
    no_room = (
        f"The disk of {draft.parent} has no room for this backup: {needed / 1e6:,.1f} MB are "
        "needed; free some space, or let NIGHTREEL_HOME name a folder of another disk."
    )
    if shutil.disk_usage(draft).free < needed:
        raise DiskFull(no_room)
    files = [kept for kept in made.files if kept.path != SETTINGS]
    with disk_explained(no_room):
        for _ in side_by_side(lambda kept: _copy(source, kept, draft / kept.path), files):
            pass


def _copy(source: Path, kept: Kept, target: Path) -> None:
    try:
        copied = copy(source / kept.path, target)
    except FileNotFoundError:
        raise Altered(missing(kept.path)) from None
    if copied.sha256 != kept.sha256:
        raise Altered(changed(kept.path))


def _put_elsewhere(draft: Path, archive: Archive) -> None:
    """Move the files whose location is not in the home folder."""
    places = dict(archive.keys)
    if (file := file_of(archive.database_url)) is not None:
        places[SQLITE] = file
    with disk_explained("A disk has no room for the keys or the database; free some space."):
        for name, place in places.items():
            if (draft / name).exists() and place != archive.home / name:
                put(draft / name, place)
