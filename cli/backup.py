"""`nightreel backup` and `nightreel restore`."""

import importlib.metadata
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.actor import actor, caller, now
from cli.output import err, out, print_json, quantity
from errors import WrongUsage
from pipeline.archive.backup import Wish, back_up
from pipeline.archive.layout import Archive
from pipeline.archive.manifest import Manifest, read_manifest
from pipeline.archive.restore import Restored, restore, settings_placed
from settings import Settings, load_settings
from worker.resources import Resources, resources
from worker.stack_info import claimed

GAPS = 3
MOST_SHOWN = 10
SHARED = ("broker_url", "media_url", "watch_folder", "checkpoint_folder")
"""Settings that name places which two archives must not use at the same time."""


def backup(
    dir: Annotated[Path, typer.Argument(help="New or empty folder, outside the home folder.")],
    without_keys: Annotated[
        bool, typer.Option("--without-keys", help="Leave the key files out; keep them elsewhere.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Back up database, keys, pictures, uploaded footage and settings while everything runs."""
    mine = resources()
    wish = Wish(_archive(mine.settings), dir.absolute(), not without_keys, _product())
    made = back_up(caller(), wish)
    if as_json:
        print_json(_summary(made))
    else:
        _print_backup(made, dir, with_keys=not without_keys)
    if made.missing:
        raise typer.Exit(GAPS)


def restore_(
    dir: Annotated[Path, typer.Argument(help="Backup folder.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Restore a backup into an empty home folder, and check it."""
    home = load_settings().home_folder
    if home.is_dir() and claimed(home):
        raise WrongUsage(f"Nightreel runs in {home}; let NIGHTREEL_HOME name another folder.")
    made = read_manifest(dir)
    with settings_placed(dir, made, home):
        mine = Resources(load_settings())
        bucket = mine.pictures if mine.settings.media_url else None
        found = restore(dir, made, _archive(mine.settings), bucket=bucket, actor=actor(), now=now())
    if as_json:
        print_json(_summary(made) | asdict(found))
    else:
        _print_restored(made, found, mine.settings)
    if found.audit.broken or found.picture or made.missing:
        raise typer.Exit(GAPS)


def _archive(settings: Settings) -> Archive:
    return Archive(
        home=settings.home_folder,
        database_url=settings.effective_database_url,
        master_key=settings.effective_key_file,
        audit_key=settings.effective_audit_key_file,
        media_url=settings.media_url,
    )


def _product() -> str:
    try:
        return importlib.metadata.version("nightreel")
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _summary(made: Manifest) -> dict[str, Any]:
    """A manifest without the list of its files."""
    said = asdict(made)
    return said | {"files": len(made.files), "bytes": made.bytes}


def _print_backup(made: Manifest, folder: Path, *, with_keys: bool) -> None:
    out.print(f"Backup of {made.home} as it was at {made.taken_at}, in {folder}: {_size(made)}.")
    _print_list("Not in it:", made.left_out)
    _print_list("Named by the database and missing in the home folder:", made.missing)
    if with_keys:
        err.print(
            "It holds the keys: anyone who can read it can see every picture. Keep it on an "
            "encrypted disk, and delete it when it is no longer needed."
        )
    err.print("What is purged from now on stays in it.")


def _print_restored(made: Manifest, found: Restored, settings: Settings) -> None:
    out.print(f"Restored into {settings.home_folder}, as it was at {made.taken_at}: {_size(made)}.")
    rows = sum(made.rows.values())
    out.print(f"Database: whole, {rows:,} rows as counted when the backup was taken.")
    broken = found.audit.broken
    if broken:
        out.print(f"Audit log: entry {broken.position} is bad. {broken.reason}")
    else:
        out.print(f"Audit log: {found.audit.entries} entries are whole; checkpoints they fit: "
                  f"{found.audit.checkpoints}.")  # fmt: skip
    if made.is_sealed:
        out.print(f"Pictures: {found.picture or 'one that is sealed was opened.'}")
    out.print(
        f"Footage: {quantity(found.footage, 'uploaded recording')} in the home folder. "
        f"{quantity(found.let_go, 'segment')} that workers had at that time wait again."
    )
    _print_list("Missing already when the backup was taken:", made.missing)
    _print_next(made, settings)


def _print_next(made: Manifest, settings: Settings) -> None:
    used = [name for name in SHARED if getattr(settings, name)]
    if used:
        names = ", ".join(f"NIGHTREEL_{name.upper()}" for name in used)
        err.print(f"Change {names} first if another Nightreel still uses what they name.")
    err.print(
        f"What was purged, withdrawn, disabled or revoked after {made.taken_at} is here again: do "
        "it again. Everybody has to log in again. Then: nightreel up"
    )


def _print_list(title: str, lines: tuple[str, ...]) -> None:
    if lines:
        out.print(title)
    for line in lines[:MOST_SHOWN]:
        out.print(f"- {line}", soft_wrap=True)
    if len(lines) > MOST_SHOWN:
        out.print(f"- and {len(lines) - MOST_SHOWN} more, see manifest.json")


def _size(made: Manifest) -> str:
    return f"{quantity(len(made.files), 'file')}, {made.bytes / 1e6:,.1f} MB"
