"""A backup is one state of an archive, whole, or there is none; on both databases."""

import fcntl
import json
import os
import shutil
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from archives import ACTOR, Filled, fill
from rows import NOW, PLAN, found, segments
from sqlalchemy import text

import pipeline.archive.backup
from errors import Busy, DiskFull, KeyMissing, StoreUnavailable, WrongDatabase, WrongUsage
from pipeline.act import Caller
from pipeline.archive.manifest import NAME, read_manifest
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import purge_case
from pipeline.plan import Plan
from storage.access.audit import entries
from storage.archive.inventory import Inventory
from storage.cases.case_terms import close_case
from storage.database.database import connect, reading, writing
from storage.database.snapshots import FILE_OF
from storage.files.private_files import DRAFT
from storage.jobs.recordings import add


@pytest.fixture
def filled(context: Context, plan: Plan, drawn_clip: Path, tmp_path: Path) -> Filled:
    return fill(tmp_path, context, plan, drawn_clip)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where to; not there yet."""
    return tmp_path_factory.mktemp("disk") / "backup"


def files(folder: Path) -> dict[str, Path]:
    return {
        path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()
    }


def test_it_holds_everything_that_the_database_names(filled: Filled, folder: Path) -> None:
    made = filled.backed_up(folder)
    ours = files(filled.archive.home)
    kept = {name: path for name, path in files(folder).items() if name != NAME}
    database = FILE_OF[filled.database.dialect.name]
    assert kept.keys() == {file.path for file in made.files}
    wanted = {"keys", "media", "footage", "uploads"}
    assert kept.keys() - {database} == {one for one in ours if one.partition("/")[0] in wanted}
    assert all(kept[one].read_bytes() == ours[one].read_bytes() for one in kept if one != database)
    assert made.missing == ()


def test_all_of_it_is_for_its_owner_alone(filled: Filled, folder: Path) -> None:
    filled.backed_up(folder)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert modes == {0o600}
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    assert {stat.S_IMODE(path.stat().st_mode) for path in folders} == {0o700}


def test_its_manifest_can_be_read_and_says_what_is_left_out(filled: Filled, folder: Path) -> None:
    with writing(filled.database) as session:
        add(session, found("b" * 64), segments=segments(), now=NOW, **PLAN)
    made = filled.backed_up(folder)
    assert read_manifest(folder) == made
    assert made.left_out[0] == "Footage outside the home folder, where it stays; recordings: 1."


def test_that_it_was_taken_is_in_the_audit_log_with_its_number(
    filled: Filled, folder: Path
) -> None:
    made = filled.backed_up(folder)
    with reading(filled.database) as session:
        *_, last = entries(session)
    assert (last.actor, last.action) == (ACTOR, "backed_up")
    assert json.loads(last.objects) == {"backup": made.id}
    assert made.audit_entries == last.position


def test_without_the_keys_it_holds_none_and_says_so(filled: Filled, folder: Path) -> None:
    made = filled.backed_up(folder, with_keys=False)
    assert not (folder / "keys").exists()
    assert "The key files, without which it cannot be restored." in made.left_out


def test_what_is_purged_while_it_is_taken_is_not_in_it(
    filled: Filled, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(filled.database) as session:
        close_case(session, 1, utc_now())

    class Meanwhile(pipeline.archive.backup._Backup):
        def _wanted(self, taken: Inventory) -> Iterator[tuple[str, Path]]:
            yield from super()._wanted(taken)
            if taken.pictures:  # the first time
                asked = Caller(filled.database, ACTOR, utc_now())
                purge_case(asked, 1, filled.context, [filled.archive.home])

    monkeypatch.setattr(pipeline.archive.backup, "_Backup", Meanwhile)
    made = filled.backed_up(folder)
    assert (made.rows["person"], made.rows["recording"], made.missing) == (0, 0, ())
    assert not (folder / "footage").exists() or not files(folder / "footage")
    assert not (folder / "media").exists() or not files(folder / "media")


@pytest.mark.parametrize("damage", ["gone", "altered"])
def test_a_picture_that_is_not_as_it_was_is_listed(
    damage: str, filled: Filled, folder: Path
) -> None:
    picture = next((filled.archive.home / "media").rglob("*.jpg"))
    picture.unlink() if damage == "gone" else picture.write_bytes(b"altered")
    made = filled.backed_up(folder)
    assert made.missing == (picture.relative_to(filled.archive.home).as_posix(),)
    assert made.missing[0] not in {file.path for file in made.files}


def test_a_home_without_the_key_that_sealed_it_is_not_backed_up(
    filled: Filled, folder: Path
) -> None:
    filled.archive.master_key.unlink()
    with pytest.raises(KeyMissing, match=r"keys/master\.key is missing"):
        filled.backed_up(folder)
    assert not folder.exists()


def test_a_damaged_database_is_not_backed_up(filled: Filled, folder: Path) -> None:
    if filled.database.dialect.name != "sqlite":
        pytest.skip("a server checks its own files")
    file = filled.archive.home / "nightreel.db"
    with filled.database.connect() as connection:
        page = connection.execute(
            text("select rootpage from sqlite_master where name = 'embedding'")
        ).scalar_one()
    filled.database.dispose()  # the log of writes is put away
    with file.open("r+b") as stream:
        stream.seek((page - 1) * 4096)
        stream.write(os.urandom(4096))
    with pytest.raises(WrongDatabase, match="damaged"):
        filled.backed_up(folder)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("{home}/backup", "is in the home folder"),
        ("{home}", "is in the home folder"),
        ("{disk}", "is not empty"),
        ("{disk}/other/file", "is a file"),
    ],
    ids=["inside", "the home itself", "not empty", "a file"],
)
def test_a_folder_that_cannot_be_used_is_refused(
    place: str, complaint: str, filled: Filled, tmp_path: Path, folder: Path
) -> None:
    (folder.parent / "other").mkdir()
    (folder.parent / "other" / "file").write_text("")
    before = files(folder.parent)
    with pytest.raises(WrongUsage, match=complaint):
        filled.backed_up(Path(place.format(home=tmp_path, disk=folder.parent)))
    assert files(folder.parent) == before


def test_a_folder_that_cannot_be_written_is_named(filled: Filled) -> None:
    with pytest.raises(StoreUnavailable, match="/proc/backup cannot be written"):
        filled.backed_up(Path("/proc/backup"))


def can_mount(folder: Path) -> bool:
    return bool(shutil.which("mount")) and not subprocess.call(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("hidden", [False, True], ids=["seen at once", "in the middle"])
def test_a_full_disk_leaves_nothing_behind_and_says_how_much_is_needed(
    hidden: bool, filled: Filled, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    disk = tmp_path_factory.mktemp("small")
    if not can_mount(disk):
        pytest.skip("no small disk can be mounted here")
    try:
        (tmp_path / "weights").mkdir()
        (tmp_path / "weights" / "net.bin").write_bytes(os.urandom(3_000_000))
        if hidden:  # as when others write to that disk too
            monkeypatch.setattr(
                pipeline.archive.backup._Backup, "_refuse_without_room", lambda *_: None
            )
        with pytest.raises(DiskFull, match=r"about 3\.\d MB are needed"):
            filled.backed_up(disk)
        assert list(disk.iterdir()) == []
    finally:
        subprocess.run(["umount", disk], check=True)


def test_what_a_killed_backup_left_is_no_backup_and_is_not_in_the_way(
    filled: Filled, folder: Path
) -> None:
    (folder / DRAFT).mkdir(parents=True)
    (folder / DRAFT / "nightreel.db").write_bytes(b"half")
    with pytest.raises(WrongUsage, match="is no backup, or one that was broken off"):
        read_manifest(folder)
    filled.backed_up(folder)
    assert not (folder / DRAFT).exists()


def test_two_into_the_same_folder_are_not_taken_at_once(filled: Filled, folder: Path) -> None:
    (folder / DRAFT).mkdir(parents=True)
    other = os.open(folder / DRAFT, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)
    with pytest.raises(Busy, match="Another process is writing"):
        filled.backed_up(folder)
    os.close(other)
    assert (folder / DRAFT).exists()


def test_a_server_whose_client_programs_are_missing_is_said(
    filled: Filled, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if filled.database.dialect.name == "sqlite":
        pytest.skip("it needs no program")
    monkeypatch.setattr("storage.database.pg_client._places", lambda _name: iter(()))
    with pytest.raises(StoreUnavailable, match=r"pg_dump of PostgreSQL \d+ or newer is needed"):
        filled.backed_up(folder)
    assert not folder.exists()


def test_no_password_of_the_server_is_on_a_command_line(
    filled: Filled, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if filled.database.dialect.name == "sqlite":
        pytest.skip("it has none")
    seen: list[list[str]] = []
    run = subprocess.run
    monkeypatch.setattr(
        subprocess, "run", lambda command, **more: seen.append(command) or run(command, **more)
    )
    url = filled.database.url.set(password="secret-word")
    other = connect(url.render_as_string(hide_password=False))
    filled = replace(filled, context=replace(filled.context, database=other))
    filled.backed_up(folder)
    other.dispose()
    assert seen and "secret-word" not in str(seen)
