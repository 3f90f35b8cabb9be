"""A backup becomes the same archive elsewhere, or nothing; on both databases."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from archives import ACTOR, Filled, archive_at, fill, footage_of
from callers import caller
from rows import NOW, PLAN, found, segments
from sealing import MASTER, sealed
from snapshots import snapshot
from sqlalchemy import Engine, make_url, text
from sqlmodel import select
from steps import watch_all

from errors import Altered, DiskFull, KeyMissing, NightreelError, WrongDatabase, WrongUsage
from pipeline.act import Caller
from pipeline.archive.layout import Archive
from pipeline.archive.manifest import NAME, Kept, Manifest, read_manifest
from pipeline.archive.restore import Restored, restore, settings_placed
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.audit import examine, sign
from pipeline.intake.ingest import ingest_file
from pipeline.people.search import Question, search
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.access.checkpoints import make_checkpoint, public_half, signing_key
from storage.archive.inventory import tables_version
from storage.database.database import NEWEST_VERSION, _migrate, connect, reading, writing
from storage.files.crops import crop_names
from storage.files.keys import master_key
from storage.files.private_files import DRAFT, digest
from storage.jobs import dispatcher
from storage.jobs.ledger import claim
from storage.jobs.recordings import add
from storage.tables import Segment, State, WebSession
from storage.vectors.vector_index import folder_beside


@pytest.fixture
def filled(context: Context, plan: Plan, drawn_clip: Path, tmp_path: Path) -> Filled:
    return fill(tmp_path, context, plan, drawn_clip)


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the backup is."""
    return tmp_path_factory.mktemp("disk") / "backup"


@pytest.fixture(scope="module")
def taken() -> dict[str, Path]:
    """Where the backup of an archive on each kind of database is."""
    return {}


@pytest.fixture
def backup(
    database_url: str,
    folder: Path,
    taken: dict[str, Path],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Manifest:
    """What is in `folder`: a copy of a backup that was taken once."""
    kind = make_url(database_url).get_backend_name()
    if kind not in taken:
        made = tmp_path_factory.mktemp("taken") / "backup"
        request.getfixturevalue("filled").backed_up(made)
        taken[kind] = made
    shutil.copytree(taken[kind], folder)
    return read_manifest(folder)


@pytest.fixture
def elsewhere(
    database_url: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    """A home that is not there yet, with an empty database of the same kind."""
    home = tmp_path_factory.mktemp("elsewhere") / "home"
    if database_url.startswith("sqlite"):
        yield archive_at(home)
        return
    server = connect(request.getfixturevalue("postgres"))
    admin = server.execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database restored"))
    url = make_url(database_url).set(database="restored")
    yield archive_at(home, url.render_as_string(hide_password=False))
    with admin.connect() as connection:
        connection.execute(text("drop database restored with (force)"))
    server.dispose()


@dataclass(frozen=True, slots=True)
class There:
    """A restored archive."""

    restored: Restored
    archive: Archive
    database: Engine


@pytest.fixture
def there(elsewhere: Archive, folder: Path) -> Iterator[Callable[[], There]]:
    """Restores the backup."""
    opened: list[Engine] = []

    def make() -> There:
        restored = from_backup(folder, elsewhere)
        opened.append(connect(elsewhere.database_url))
        return There(restored, elsewhere, opened[0])

    yield make
    for database in opened:
        database.dispose()


def from_backup(folder: Path, archive: Archive) -> Restored:
    return restore(folder, read_manifest(folder), archive, bucket=None, actor=ACTOR, now=utc_now())


def refused(folder: Path, archive: Archive, kind: type[NightreelError], complaint: str) -> None:
    """Nothing is restored, for this reason, and nothing is left of the attempt."""
    before = archive.home.exists()
    with pytest.raises(kind, match=complaint):
        from_backup(folder, archive)
    assert archive.home.exists() is before
    assert not (archive.home / DRAFT).exists()


def change(folder: Path, edit: Callable[[Any], object]) -> None:
    """Edit a manifest."""
    found = json.loads((folder / NAME).read_text())
    edit(found)
    (folder / NAME).write_text(json.dumps(found))


def rows_of(database: Engine) -> dict[str, list[Any]]:
    """Every row but for browsers, and where footage lies."""
    return {
        name: rows
        for name, rows in snapshot(database, without={"path", "modified_ns"}).items()
        if name != "web_session"
    }


def test_every_row_is_there_again(filled: Filled, folder: Path, there: Callable[[], There]) -> None:
    before = rows_of(filled.database)
    filled.backed_up(folder)
    assert rows_of(there().database) == before


def test_every_file_is_there_again(
    filled: Filled, folder: Path, there: Callable[[], There]
) -> None:
    filled.backed_up(folder)
    home, ours = there().archive.home, filled.archive.home
    for place in ("media", "footage", "uploads", "keys"):
        kept = {path.relative_to(home): path.read_bytes() for path in files(home / place)}
        assert kept == {path.relative_to(ours): path.read_bytes() for path in files(ours / place)}
        assert kept


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_the_audit_log_is_whole_and_its_last_entry_says_what_was_restored(
    filled: Filled, folder: Path, there: Callable[[], There]
) -> None:
    made = filled.backed_up(folder)
    again = there()
    assert (again.restored.audit.entries, again.restored.audit.checkpoints) == (
        made.audit_entries,
        1,
    )
    key = public_half(signing_key(again.database, again.archive.audit_key))
    examined = examine(again.database, public_key=key)
    assert (examined.entries, examined.broken) == (made.audit_entries + 1, None)


def test_a_checkpoint_signed_after_the_backup_says_that_entries_are_missing_and_why(
    filled: Filled, folder: Path, there: Callable[[], There]
) -> None:
    made = filled.backed_up(folder)
    for _ in range(3):
        Caller(filled.database, ACTOR, utc_now()).act(Action.SEARCHED).note(None)
    key = signing_key(filled.database, filled.archive.audit_key)
    later = sign(Caller(filled.database, "uid:1", utc_now()), key)
    again = there()
    public = public_half(key)
    examined = examine(again.database, public_key=public, also=[later])
    assert examined.broken is not None
    assert examined.broken.position == made.audit_entries + 2
    assert f"Entry {made.audit_entries + 1} says that a backup was rest" in examined.broken.reason
    with writing(again.database) as session:
        since = make_checkpoint(session, key, utc_now())
    assert examine(again.database, public_key=public, also=[since]).broken is None


def test_a_sealed_picture_opens(filled: Filled, folder: Path, there: Callable[[], There]) -> None:
    filled.backed_up(folder)
    again = there()
    assert again.restored.picture == ""
    media = sealed(
        again.archive.home / "media",
        again.database,
        master_key(again.database, again.archive.master_key),
    )
    with reading(again.database) as session:
        assert all(media.read(name) for name in crop_names(session))


def test_a_search_gives_the_same(
    filled: Filled, folder: Path, plan: Plan, there: Callable[[], There]
) -> None:
    def hits(database: Engine) -> list[object]:
        engine = filled.context.engine_for(plan)
        answer = search(caller(database, ACTOR), [filled.photo], Question(1), engine=engine)
        return list(answer.hits)

    before = hits(filled.database)
    filled.backed_up(folder)
    again = there().database
    beside = folder_beside(again)
    assert beside is None or not beside.exists()  # nothing derived came along
    assert before and hits(again) == before


def test_what_workers_had_waits_again_and_no_attempt_counts(
    filled: Filled, folder: Path, there: Callable[[], There]
) -> None:
    with writing(filled.database) as session:
        add(session, found("b" * 64), segments=segments(60), now=NOW, **PLAN)
    with writing(filled.database) as session:
        waiting = dispatcher.undispatched(session)
        for segment in waiting[:50]:
            assert claim(session, segment, owner="gone", now=utc_now(), lease_seconds=3600)
    filled.backed_up(folder)
    again = there()
    assert again.restored.let_go == 50
    with reading(again.database) as session:
        assert dispatcher.undispatched(session) == waiting
        found_again = session.exec(select(Segment).where(Segment.id == waiting[0])).one()
        assert (found_again.state, found_again.attempts) == (State.WAITING, 0)


def test_uploaded_footage_is_watched_from_the_new_home(
    filled: Filled, folder: Path, plan: Plan, there: Callable[[], There]
) -> None:
    (uploaded,) = footage_of(filled.database)
    with reading(filled.database) as session:
        done = len(session.exec(select(Segment)).all())
    ingest_file(
        uploaded, context=filled.context, plan=replace(plan, interval_ms=250), now=utc_now()
    )
    filled.backed_up(folder)
    again = there()
    assert footage_of(again.database) == [again.archive.home / "footage" / uploaded.name]
    shutil.rmtree(filled.archive.home / "footage")
    media = sealed(again.archive.home / "media", again.database, MASTER)
    assert watch_all(replace(filled.context, database=again.database, media=media))
    with reading(again.database) as session:
        states = [one.state for one in session.exec(select(Segment))]
    assert len(states) > done
    assert set(states) == {State.DONE}


@pytest.mark.usefixtures("backup")
def test_everybody_has_to_log_in_again(there: Callable[[], There]) -> None:
    with reading(there().database) as session:
        assert session.exec(select(WebSession)).all() == []


def test_without_keys_in_it_they_are_taken_from_where_the_settings_say(
    filled: Filled, folder: Path, elsewhere: Archive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    filled.backed_up(folder, with_keys=False)
    refused(folder, elsewhere, KeyMissing, r"taken without keys/master\.key")
    safe = tmp_path_factory.mktemp("safe")
    shutil.copytree(filled.archive.home / "keys", safe, dirs_exist_ok=True)
    keys = {"master_key": safe / "master.key", "audit_key": safe / "audit.key"}
    assert from_backup(folder, replace(elsewhere, **keys)).picture == ""
    assert not (elsewhere.home / "keys").exists()


def test_keys_and_database_go_where_the_settings_say(
    backup: Manifest, folder: Path, elsewhere: Archive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    safe = tmp_path_factory.mktemp("safe") / "deep"
    places: dict[str, Any] = {"master_key": safe / "m.key", "audit_key": safe / "a.key"}
    if backup.database == "sqlite":
        places["database_url"] = f"sqlite:///{safe / 'archive.db'}"
    from_backup(folder, replace(elsewhere, **places))
    assert (safe / "m.key").read_bytes() == MASTER
    assert (safe / "archive.db").exists() == ("database_url" in places)
    assert not (elsewhere.home / "nightreel.db").exists()


@pytest.mark.usefixtures("backup")
def test_a_key_that_is_in_place_stays_unless_it_is_another_archives(
    folder: Path, elsewhere: Archive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    key = tmp_path_factory.mktemp("safe") / "master.key"
    key.write_bytes(bytes(32))
    there = replace(elsewhere, master_key=key)
    refused(folder, there, WrongUsage, "is another archive's")
    assert key.read_bytes() == bytes(32)
    key.write_bytes(MASTER)
    assert from_backup(folder, there).picture == ""


def test_a_key_that_is_not_the_archives_is_refused(
    filled: Filled, folder: Path, elsewhere: Archive, tmp_path_factory: pytest.TempPathFactory
) -> None:
    filled.backed_up(folder, with_keys=False)
    safe = tmp_path_factory.mktemp("safe")
    shutil.copytree(filled.archive.home / "keys", safe, dirs_exist_ok=True)
    (safe / "master.key").write_bytes(bytes(32))
    keys = {"master_key": safe / "master.key", "audit_key": safe / "audit.key"}
    refused(folder, replace(elsewhere, **keys), WrongUsage, "not the one that this archive was")


@pytest.mark.usefixtures("backup")
def test_a_home_that_is_not_empty_is_left_as_it_was(folder: Path, elsewhere: Archive) -> None:
    elsewhere.home.mkdir()
    (elsewhere.home / "nightreel.db").write_bytes(b"somebody's")
    refused(folder, elsewhere, WrongUsage, "is not empty")
    assert [one.name for one in elsewhere.home.iterdir()] == ["nightreel.db"]


def test_a_database_that_is_not_empty_is_left_as_it_was(
    filled: Filled, folder: Path, elsewhere: Archive
) -> None:
    filled.backed_up(folder)
    url = filled.archive.database_url
    refused(folder, replace(elsewhere, database_url=url), WrongUsage, "is there already")


def test_a_database_of_the_other_kind_is_refused(
    backup: Manifest, folder: Path, elsewhere: Archive
) -> None:
    is_file = backup.database == "sqlite"
    other = "postgresql://nowhere/x" if is_file else f"sqlite:///{elsewhere.home / 'x.db'}"
    refused(folder, replace(elsewhere, database_url=other), WrongUsage, "of that kind")


@pytest.mark.usefixtures("backup")
def test_a_backup_of_a_newer_version_is_refused(folder: Path, elsewhere: Archive) -> None:
    change(folder, lambda made: made.update(tables="9999"))
    refused(folder, elsewhere, WrongUsage, "made by a newer Nightreel")
    change(folder, lambda made: made.update(format=2))
    refused(folder, elsewhere, WrongUsage, "made by a newer Nightreel")


def test_a_backup_of_an_older_version_is_upgraded(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    folder.mkdir()
    old = connect(f"sqlite:///{folder / 'nightreel.db'}")
    _migrate(old, "0029", None)
    old.dispose()
    kept = digest(folder / "nightreel.db")
    made = Manifest(
        format=1, id="0" * 16, product="0.1.0", tables="0029", taken_at=NOW.isoformat(),
        database="sqlite", home="/old", audit_entries=0, is_sealed=False, rows={}, missing=(),
        left_out=(), files=(Kept("nightreel.db", kept.bytes, kept.sha256),),
    )  # fmt: skip
    (folder / NAME).write_text(made.text)
    archive = archive_at(tmp_path / "home")
    from_backup(folder, archive)
    database = connect(archive.database_url)
    with reading(database) as session:
        assert tables_version(session) == NEWEST_VERSION
    database.dispose()


@pytest.mark.parametrize("which", ["keys/master.key", "keys/audit.key", "media", "footage"])
def test_a_file_that_is_missing_is_named(
    which: str, backup: Manifest, folder: Path, elsewhere: Archive
) -> None:
    path = next(file.path for file in backup.files if file.path.startswith(which))
    (folder / path).unlink()
    refused(folder, elsewhere, Altered, f"^{path} is missing from the backup")


@pytest.mark.parametrize("size", ["same", "another"])
@pytest.mark.parametrize("which", ["keys/master.key", "media", "nightreel.db"])
def test_a_file_that_was_altered_is_named(
    which: str, size: str, backup: Manifest, folder: Path, elsewhere: Archive
) -> None:
    path = next((one.path for one in backup.files if one.path.startswith(which)), "database.dump")
    content = bytearray((folder / path).read_bytes())
    content[-1] ^= 1
    (folder / path).write_bytes(content + (b"" if size == "same" else b"more"))
    refused(folder, elsewhere, Altered, f"^{path} is not as it was")


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "media/../../x", "run/x", "media//x", "", "."]
)
@pytest.mark.usefixtures("backup")
def test_a_manifest_that_names_other_places_is_refused(
    path: str, folder: Path, elsewhere: Archive
) -> None:
    change(folder, lambda made: made["files"][1].update(path=path))
    refused(folder, elsewhere, Altered, "none of a backup's")


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1}', "[" * 100_000])
def test_what_is_no_manifest_is_refused(text: str, folder: Path) -> None:
    folder.mkdir()
    (folder / NAME).write_text(text)
    with pytest.raises(Altered):
        read_manifest(folder)


@pytest.mark.parametrize("level", ["file", "folder"])
@pytest.mark.usefixtures("backup")
def test_links_in_a_backup_are_not_followed(level: str, folder: Path, elsewhere: Archive) -> None:
    real = folder / ("media" if level == "folder" else "keys/master.key")
    moved = real.rename(folder.parent / "moved")
    real.symlink_to(moved)
    refused(folder, elsewhere, Altered, "is a link in the backup")


@pytest.mark.usefixtures("backup")
def test_a_manifest_that_counts_other_rows_is_refused(folder: Path, elsewhere: Archive) -> None:
    change(folder, lambda made: made["rows"].update(person=7))
    with pytest.raises(Altered, match=r"1 rows of person, and its manifest says 7"):
        from_backup(folder, elsewhere)
    assert not elsewhere.home.exists()


def test_a_database_that_is_damaged_is_refused_though_its_sum_is_right(
    backup: Manifest, folder: Path, elsewhere: Archive
) -> None:
    if backup.database != "sqlite":
        pytest.skip("pg_restore refuses it")
    content = bytearray((folder / "nightreel.db").read_bytes())
    content[8192:12288] = os.urandom(4096)
    (folder / "nightreel.db").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    change(folder, lambda found: found["files"][0].update(sha256=sha256))
    refused(folder, elsewhere, WrongDatabase, "damaged")


@pytest.mark.usefixtures("backup")
def test_a_disk_without_room_is_said_before_anything_is_copied(
    folder: Path, elsewhere: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(folder)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    refused(folder, elsewhere, DiskFull, r"MB are needed")


def test_settings_come_along_unless_there_are_some(
    filled: Filled, folder: Path, elsewhere: Archive
) -> None:
    (filled.archive.home / "nightreel.toml").write_text("workers = 3\n")
    made = filled.backed_up(folder)
    file = elsewhere.home / "nightreel.toml"
    with pytest.raises(ZeroDivisionError), settings_placed(folder, made, elsewhere.home):
        assert file.read_text() == "workers = 3\n"
        raise ZeroDivisionError
    assert not elsewhere.home.exists()
    elsewhere.home.mkdir()
    file.write_text("workers = 4\n")
    with settings_placed(folder, made, elsewhere.home):
        from_backup(folder, elsewhere)
    assert file.read_text() == "workers = 4\n"
