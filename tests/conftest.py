"""Real databases for every package: a SQLite file and a PostgreSQL server, both upgraded once."""

import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url, text

from storage.database import connect, upgrade, writing
from storage.tables import Table

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server with an upgraded database `model`."""
    with tempfile.TemporaryDirectory(prefix="nightreel-postgres-") as folder:
        with pytest.MonkeyPatch.context() as environment:
            # pgserver reads this at import and warns where there is none, as on a server or in CI.
            environment.setenv("XDG_RUNTIME_DIR", folder)
            environment.setenv("LC_ALL", "C")  # initdb fails in a locale that is not installed
            import pgserver

            server = pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        address = server.get_uri()
        server.psql("alter system set fsync = off; select pg_reload_conf(); create database model;")
        model = connect(_database(address, "model"))
        upgrade(model)
        model.dispose()
        yield address
        server.cleanup()


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "model.db"
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        yield from _created(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database with the newest tables, all empty."""
    if request.param == "sqlite":
        file = tmp_path / "nightreel.db"
        shutil.copy(request.getfixturevalue("sqlite_model"), file)
        yield f"sqlite:///{file}"
    else:
        yield from _emptied(request.getfixturevalue("postgres"))


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A database with the newest tables, all empty."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


def _emptied(address: str) -> Iterator[str]:
    url = _database(address, "model")
    yield url
    engine = connect(url)
    names = ", ".join(f'"{name}"' for name in Table.metadata.tables)
    with writing(engine) as session:  # much cheaper than a database for every test
        session.connection().execute(text(f"truncate {names} restart identity"))
    engine.dispose()


def _created(address: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server = connect(address).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name}"))
    yield _database(address, name)
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    server.dispose()


def _database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)
