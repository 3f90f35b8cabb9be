"""pg_dump and pg_restore against a server that asks for a password."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL, make_url

from storage.database.database import connect
from storage.database.pg_client import dump

PASSWORD = "a b:/@%&s"


@pytest.fixture
def guarded(postgres: str) -> Iterator[URL]:
    """The address of a role that the server lets in by its password only."""
    server = connect(postgres)
    with server.connect() as connection:
        rules = Path(connection.execute(text("show hba_file")).scalar_one())
    before = rules.read_text()
    _run(server, f"create role guarded superuser login password '{PASSWORD}'")
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    _run(server, "select pg_reload_conf()")
    yield make_url(postgres).set(username="guarded", password=PASSWORD)
    rules.write_text(before)
    _run(server, "select pg_reload_conf()")
    _run(server, "drop role guarded")
    server.dispose()


def _run(server: Engine, statement: str) -> None:
    with server.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text(statement))


def _dump(address: URL, file: Path, server: str) -> None:
    database, asked = connect(server), connect(address.render_as_string(hide_password=False))
    try:
        with database.connect() as connection:
            snapshot = connection.execute(text("select pg_export_snapshot()")).scalar_one()
            dump(asked, snapshot, file)
    finally:
        database.dispose()
        asked.dispose()


def test_the_password_of_the_address_is_used(guarded: URL, postgres: str, tmp_path: Path) -> None:
    _dump(guarded, tmp_path / "dump", postgres)
    assert (tmp_path / "dump").stat().st_size > 0


def test_so_is_one_among_its_parameters(guarded: URL, postgres: str, tmp_path: Path) -> None:
    as_parameter = guarded._replace(password=None).update_query_dict({"password": PASSWORD})
    _dump(as_parameter, tmp_path / "dump", postgres)
    assert (tmp_path / "dump").stat().st_size > 0
