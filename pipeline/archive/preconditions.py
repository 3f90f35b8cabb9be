"""The preconditions of a restore."""

from pathlib import Path

from errors import Altered, KeyMissing, WrongUsage
from pipeline.archive.layout import AUDIT_KEY, MASTER_KEY, SETTINGS, Archive
from pipeline.archive.manifest import Manifest
from storage.database.database import NEWEST_VERSION, connect
from storage.database.snapshots import file_of, is_empty
from storage.files.private_files import DRAFT, digest


def refuse_unfit(source: Path, made: Manifest, archive: Archive) -> None:
    """Check that a backup can be restored to this archive's locations.

    Raises WrongUsage when a location is in use or a newer program made the backup, Altered with the
    first file that is missing or has another size, KeyMissing.
    """
    _refuse_newer(made)
    refuse_used(archive.home)
    _refuse_other_places(made, archive)
    _refuse_incomplete(source, made)
    _refuse_without_keys(made, archive)


def _refuse_newer(made: Manifest) -> None:
    if made.tables > NEWEST_VERSION:
        raise WrongUsage(
            f"The backup was made by a newer Nightreel ({made.product}, tables {made.tables}); "
            "install that one to restore it."
        )


def refuse_used(home: Path) -> None:
    """Raise WrongUsage unless a home folder is empty or missing; a settings file is allowed."""
    if home.exists() and not home.is_dir():
        raise WrongUsage(f"{home} is a file; let NIGHTREEL_HOME name another folder.")
    if home.is_dir() and any(path.name not in (DRAFT, SETTINGS) for path in home.iterdir()):
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
    if archive.media_url and any(entry.path.startswith("media/") for entry in made.files):
        raise WrongUsage(
            "The backup holds its pictures as files, and NIGHTREEL_MEDIA_URL names a bucket; "
            "restore it without."
        )


def _refuse_incomplete(source: Path, made: Manifest) -> None:
    for kept in made.files:
        path = source / kept.path
        inside = [path, *(source / part for part in Path(kept.path).parents)]
        if any(part.is_symlink() for part in inside if part != source):
            raise Altered(f"{kept.path} is a link in the backup; use one with the file itself.")
        if not path.is_file():
            raise Altered(missing(kept.path))
        if path.stat().st_size != kept.bytes:
            raise Altered(changed(kept.path))


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


def missing(path: str) -> str:
    """The message that a file is missing from the backup."""
    if path in (MASTER_KEY, AUDIT_KEY):
        return f"{path} is missing from the backup; without it this archive cannot be restored."
    return f"{path} is missing from the backup; use another one."


def changed(path: str) -> str:
    """The message that a file of the backup does not match its manifest."""
    return f"{path} is not as it was when the backup was taken; use another one."
