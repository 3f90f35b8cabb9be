"""A backup becomes an archive again, in an empty home: all of it and checked, or nothing."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path

from errors import Altered, DiskFull, KeyMissing, NightreelError, StoreUnavailable, WrongUsage
from pipeline.act import Caller
from pipeline.archive.layout import AUDIT_KEY, MASTER_KEY, SETTINGS, Archive
from pipeline.archive.manifest import Kept, Manifest
from pipeline.governance.audit import Examined, examine
from storage.access.audit import Action
from storage.access.checkpoints import anything_signed, public_half, signing_key
from storage.archive import inventory
from storage.archive.moving import let_go, log_out, move_footage
from storage.database import pg_client
from storage.database.database import NEWEST_VERSION, Engine, connect, reading, upgrade, writing
from storage.database.snapshots import FILE_OF, file_of, is_empty, refuse_damaged
from storage.files.crops import crop_names
from storage.files.keys import Keyring, master_key
from storage.files.media import Media
from storage.files.media_folder import MediaFolder
from storage.files.private_files import (
    DRAFT,
    copy,
    digest,
    disk_explained,
    draft_in,
    put,
    side_by_side,
)
from storage.files.sealed import SealedMedia

SQLITE = FILE_OF["sqlite"]
PICTURES_TRIED = 20
"""One that opens is enough; some may have been missing when the backup was taken."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of it."""

    audit: Examined
    picture: str
    """Empty when a sealed picture opened or there is none; else why none did."""
    let_go: int
    """Segments that workers had when the backup was taken; they wait again."""
    footage: int
    """Recordings whose footage was uploaded, and is in the home folder again."""


@contextmanager
def settings_placed(source: Path, made: Manifest, home: Path) -> Iterator[None]:
    """The backup's settings file in an empty home, unless there is one already; taken away again
    when the block raises.

    Raises WrongUsage for a home that is not empty, Altered, StoreUnavailable.
    """
    _refuse_used(home)
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
    """Restore a backup into an empty home and an empty database; `bucket` is where pictures are
    kept that are not in the home folder. No `Caller`: there is no database yet.

    Raises WrongUsage where something is there already or a newer program made the backup, Altered
    naming the first file that is missing or not as it was, KeyMissing, DiskFull, StoreUnavailable.
    """
    _refuse_newer(made)
    _refuse_used(archive.home)
    _refuse_other_places(made, archive)
    _refuse_incomplete(source, made)
    _refuse_without_keys(made, archive)
    with draft_in(archive.home, last=SQLITE) as draft:
        _copy_all(source, made, draft)
        restored = _Restoring(made, archive, draft, bucket, actor, now).finish()
        _put_elsewhere(draft, archive)
    return restored


@dataclass(frozen=True, slots=True)
class _Restoring:
    """Files of a backup in a draft, which becomes the home folder."""

    made: Manifest
    archive: Archive
    draft: Path
    bucket: Media | None
    actor: str
    now: datetime

    def finish(self) -> Restored:
        """Check the database, and let it fit its new place."""
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
        return {before / one.name: (now / one.name, one.stat().st_mtime_ns) for one in files}

    def _unopened(self, database: Engine, key: Path) -> str:
        """Why no picture opens; empty when one does. Raises WrongUsage for another key."""
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


def _refuse_newer(made: Manifest) -> None:
    if made.tables > NEWEST_VERSION:
        raise WrongUsage(
            f"The backup was made by a newer Nightreel ({made.product}, tables {made.tables}); "
            "install that one to restore it."
        )


def _refuse_used(home: Path) -> None:
    if home.exists() and not home.is_dir():
        raise WrongUsage(f"{home} is a file; let NIGHTREEL_HOME name another folder.")
    if home.is_dir() and any(one.name not in (DRAFT, SETTINGS) for one in home.iterdir()):
        raise WrongUsage(
            f"The home folder {home} is not empty; let NIGHTREEL_HOME name one that is, or is not "
            "there yet."
        )


def _refuse_other_places(made: Manifest, archive: Archive) -> None:
    file = file_of(archive.database_url)
    if (file is None) != (made.database == "postgresql"):
        raise WrongUsage(
            f"The backup is of a {made.database} database; let NIGHTREEL_DATABASE_URL name an "
            "empty one of that kind."
        )
    if file is None:
        database = connect(archive.database_url)
        free = is_empty(database)
        database.dispose()
    else:
        free = not any(file.parent.glob(f"{file.name}*"))
    if not free:
        raise WrongUsage("The database is there already; let NIGHTREEL_DATABASE_URL name another.")
    if archive.media_url and any(one.path.startswith("media/") for one in made.files):
        raise WrongUsage(
            "The backup holds its pictures as files, and NIGHTREEL_MEDIA_URL names a bucket; "
            "restore it without."
        )


def _refuse_incomplete(source: Path, made: Manifest) -> None:
    for kept in made.files:
        path = source / kept.path
        inside = [path, *(source / one for one in Path(kept.path).parents)]
        if any(one.is_symlink() for one in inside if one != source):
            raise Altered(f"{kept.path} is a link in the backup; use one with the file itself.")
        if not path.is_file():
            raise Altered(_missing(kept.path))
        if path.stat().st_size != kept.bytes:
            raise Altered(_changed(kept.path))


def _refuse_without_keys(made: Manifest, archive: Archive) -> None:
    needed = {MASTER_KEY: made.is_sealed, AUDIT_KEY: made.rows.get("audit_checkpoint", 0) > 0}
    for name, file in archive.keys.items():
        if needed[name] and made.file(name) is None and not file.is_file():
            raise KeyMissing(
                f"The backup was taken without {name}, and it is not at {file} either; without it "
                "this archive cannot be restored."
            )
        kept = made.file(name)
        if kept and file.exists() and digest(file).sha256 != kept.sha256:
            raise WrongUsage(f"The key file {file} is another archive's; move it away first.")


def _copy_all(source: Path, made: Manifest, draft: Path) -> None:
    needed = sum(kept.bytes for kept in made.files)
    said = (
        f"The disk of {draft.parent} has no room for this backup: {needed / 1e6:,.1f} MB are "
        "needed; free some space, or let NIGHTREEL_HOME name a folder of another disk."
    )
    if shutil.disk_usage(draft).free < needed:
        raise DiskFull(said)
    wanted = [kept for kept in made.files if kept.path != SETTINGS]
    with disk_explained(said):
        for _ in side_by_side(lambda kept: _copy(source, kept, draft / kept.path), wanted):
            pass


def _copy(source: Path, kept: Kept, target: Path) -> None:
    try:
        done = copy(source / kept.path, target)
    except FileNotFoundError:
        raise Altered(_missing(kept.path)) from None
    if done.sha256 != kept.sha256:
        raise Altered(_changed(kept.path))


def _put_elsewhere(draft: Path, archive: Archive) -> None:
    """Files whose place is not in the home folder."""
    places = dict(archive.keys)
    if (file := file_of(archive.database_url)) is not None:
        places[SQLITE] = file
    with disk_explained("A disk has no room for the keys or the database; free some space."):
        for name, place in places.items():
            if (draft / name).exists() and place != archive.home / name:
                put(draft / name, place)


def _missing(path: str) -> str:
    if path in (MASTER_KEY, AUDIT_KEY):
        return f"{path} is missing from the backup; without it this archive cannot be restored."
    return f"{path} is missing from the backup; use another one."


def _changed(path: str) -> str:
    return f"{path} is not as it was when the backup was taken; use another one."
