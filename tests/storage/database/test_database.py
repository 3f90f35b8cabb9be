"""Sessions that read or write, and a database that is brought to the newest version."""

import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from rows import NOW, TERMS
from sqlalchemy import Engine, func, inspect, select, text
from sqlalchemy.exc import DBAPIError

from errors import StoreUnavailable, WrongDatabase, WrongUsage
from settings import Settings
from storage.database.database import (
    _UPGRADE_LOCK,
    NEWEST_VERSION,
    connect,
    reading,
    upgrade,
    writing,
)
from storage.database.migrate import configuration, to_version
from storage.tables import Case, Table
from worker.resources import Resources

CASE = {
    **TERMS,
    "footage_from": NOW,
    "footage_until": NOW + timedelta(days=1),
    "needs_authorisation": False,
    "opened_at": NOW,
}


def test_migrations_and_models_agree(database: Engine) -> None:
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    engine = connect(empty_url)
    upgrade(engine)
    with writing(engine) as session:
        session.add(Case(reference="A-1", **CASE))
    upgrade(engine)
    with reading(engine) as session:
        assert session.get_one(Case, 1).reference == "A-1"
    engine.dispose()


def test_several_processes_may_upgrade_at_once(empty_url: str) -> None:
    program = (
        "from storage.database.database import connect, upgrade; "
        "import sys; upgrade(connect(sys.argv[1]))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, empty_url], stderr=subprocess.PIPE)
        for _ in range(3)
    ]
    errors = [process.communicate()[1].decode() for process in started]
    assert errors == [""] * 3
    engine = connect(empty_url)
    assert set(Table.metadata.tables) < set(inspect(engine).get_table_names())
    engine.dispose()


def test_whoever_comes_during_an_upgrade_waits_and_finds_it_whole(empty_url: str) -> None:
    first, second = connect(empty_url), connect(empty_url)
    migrating = first.execution_options(writes=True, migrates=True)
    with ThreadPoolExecutor(1) as pool:
        with migrating.begin() as connection:
            if first.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(_UPGRADE_LOCK)))
            to_version(connection)
            late = pool.submit(upgrade, second)
            time.sleep(0.3)
            assert not late.done()
        late.result(timeout=30)
    with reading(second) as session:
        assert session.get(Case, 1) is None  # the table is there
    first.dispose()
    second.dispose()


def test_a_search_that_cannot_wait_for_an_upgrade_says_so_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.database.sqlite_engine.BUSY_SECONDS", 0.05)
    mine = Resources(Settings(home=tmp_path, engine="stub"))
    file = mine.make_home() / "nightreel.db"
    older = connect(f"sqlite:///{file}")
    with older.execution_options(writes=True, migrates=True).begin() as connection:
        command.upgrade(configuration(connection), "0001")
    migrating = sqlite3.connect(file, isolation_level=None)
    migrating.execute("begin immediate")
    migrating.execute("alter table recording add column half text")
    with pytest.raises(StoreUnavailable, match="nothing was changed") as raised:
        mine.database  # noqa: B018 - what every command does first
    assert raised.value.exit_code == 1
    migrating.execute("rollback")
    version = "select version_num from alembic_version"
    assert migrating.execute(version).fetchone() == ("0001",)
    migrating.close()
    assert Resources(Settings(home=tmp_path, engine="stub")).database is not None
    older.dispose()


@pytest.mark.parametrize(("version", "writer"), [("9999", "newer"), ("0017", "unreleased")])
def test_a_database_of_an_unknown_version_is_refused_and_left_alone(
    empty_url: str, version: str, writer: str
) -> None:
    database = connect(empty_url)
    upgrade(database)
    with writing(database) as session:
        statement = text("update alembic_version set version_num = :version")
        session.connection().execute(statement, {"version": version})
    with pytest.raises(WrongDatabase, match=f"{writer} Nightreel"):
        upgrade(database)
    database.dispose()


def test_another_programs_tables_are_refused(empty_url: str) -> None:
    engine = connect(empty_url)
    with writing(engine) as session:
        session.connection().execute(text("create table person (nickname varchar)"))
    with pytest.raises(WrongDatabase, match="another program's tables"):
        upgrade(engine)
    engine.dispose()


def test_a_database_that_was_not_upgraded_is_refused(empty_url: str) -> None:
    engine = connect(empty_url)
    with pytest.raises(WrongDatabase, match="upgrade it"), reading(engine) as session:
        session.get(Case, 1)
    engine.dispose()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "holiday.db"
    file.write_bytes(b"\xff\xd8\xff\xe0 a picture" * 200)
    with pytest.raises(WrongDatabase, match="not a database"):
        upgrade(connect(f"sqlite:///{file}"))
    assert file.read_bytes().startswith(b"\xff\xd8\xff\xe0")


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x", ""])
def test_an_address_that_cannot_be_used_is_wrong_usage(url: str) -> None:
    with pytest.raises(WrongUsage):
        connect(url)


def test_a_postgresql_server_that_is_away_is_unavailable() -> None:
    engine = connect("postgresql://someone:secret@127.0.0.1:1/nightreel")
    with pytest.raises(StoreUnavailable, match="try again") as refused, reading(engine) as session:
        session.get(Case, 1)
    assert "secret" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        connect(f"sqlite:///{tmp_path / 'file' / 'nightreel.db'}")


def test_the_sqlite_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "home" / "nightreel.db"
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    files = [file.parent, *file.parent.iterdir()]
    assert len(files) == 4  # the folder, the database, its write-ahead log and the log's index
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in files)
    engine.dispose()


def test_a_full_disk_is_unavailable(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    upgrade(engine)
    with pytest.raises(StoreUnavailable, match="full"), writing(engine) as session:
        session.connection().execute(text("pragma max_page_count = 1"))
        session.add(Case(reference="x" * 1_000_000, **CASE))
    with reading(engine) as session:
        assert session.get(Case, 1) is None
    engine.dispose()


def test_a_locked_database_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.database.sqlite_engine.BUSY_SECONDS", 0.05)
    engine = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    upgrade(engine)
    other = sqlite3.connect(tmp_path / "nightreel.db", isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(StoreUnavailable, match="locked"), writing(engine) as session:
        session.add(Case(reference="A-1", **CASE))
        session.flush()
    other.close()
    engine.dispose()


def test_an_error_rolls_everything_back(database: Engine) -> None:
    with pytest.raises(ZeroDivisionError), writing(database) as session:
        session.add(Case(reference="A-1", **CASE))
        session.flush()
        raise ZeroDivisionError
    with reading(database) as session:
        assert session.get(Case, 1) is None


def test_a_reading_session_cannot_write(database: Engine) -> None:
    with pytest.raises((StoreUnavailable, DBAPIError)), reading(database) as session:
        session.add(Case(reference="A-1", **CASE))
        session.flush()
    with writing(database) as session:
        session.add(Case(reference="A-1", **CASE))


def test_times_come_back_aware_and_in_utc(database: Engine) -> None:
    with writing(database) as session:
        session.add(Case(reference="A-1", **CASE))
    with reading(database) as session:
        stored = session.get_one(Case, 1).opened_at
    assert (stored, stored.utcoffset()) == (NOW, NOW.utcoffset())


def test_writers_wait_for_each_other(database: Engine) -> None:
    with writing(database) as session:
        session.add(Case(reference="A-1", **CASE | {"purpose": "0"}))

    def count_to_ten() -> None:
        for _ in range(10):
            with writing(database) as session:
                case = session.get_one(Case, 1, with_for_update=True)
                case.purpose = str(int(case.purpose) + 1)

    writers = [threading.Thread(target=count_to_ten) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    with reading(database) as session:
        assert session.get_one(Case, 1).purpose == "40"


def test_the_newest_version_is_that_of_the_newest_migration() -> None:
    scripts = ScriptDirectory.from_config(configuration())
    assert scripts.get_current_head() == NEWEST_VERSION
