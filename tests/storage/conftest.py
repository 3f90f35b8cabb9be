"""Real databases: a SQLite file and a PostgreSQL server, both upgraded once."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from fractions import Fraction
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, make_url, text

from faces.face import Box
from footage.recording import Recording
from footage.segments import Segment
from storage.appearances import Presence
from storage.database import connect, upgrade
from storage.recordings import Found

NOW = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)
PLAN = {"plan_key": "0123456789abcdef", "plan_body": '{"engine": "stub"}'}
_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Address of a PostgreSQL server with an upgraded database `model` to copy from."""
    with tempfile.TemporaryDirectory(prefix="nightreel-postgres-") as folder:
        # pgserver reads this at import and warns where there is none, as on a server or in CI.
        os.environ.setdefault("XDG_RUNTIME_DIR", folder)
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
        yield from _fresh(request.getfixturevalue("postgres"), "template1")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database with the newest tables, all empty."""
    if request.param == "sqlite":
        file = tmp_path / "nightreel.db"
        shutil.copy(request.getfixturevalue("sqlite_model"), file)
        yield f"sqlite:///{file}"
    else:
        yield from _fresh(request.getfixturevalue("postgres"), "model")


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """A database with the newest tables, all empty."""
    engine = connect(database_url)
    yield engine
    engine.dispose()


def _fresh(address: str, template: str) -> Iterator[str]:
    name = f"test_{next(_numbers)}"
    server = connect(address).execution_options(isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"create database {name} template {template}"))
    yield _database(address, name)
    with server.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    server.dispose()


def _database(address: str, name: str) -> str:
    return make_url(address).set(database=name).render_as_string(hide_password=False)


def found(sha256: str = "a" * 64, path: str = "/footage/gate.mp4", **changes: object) -> Found:
    """A probed file, as the first step of ingestion hands it over."""
    recording = {
        "path": path,
        "size_bytes": 5_000_000_000,
        "codec": "h264",
        "width": 1920,
        "height": 1080,
        "rotation": 0,
        "pixel_format": "yuv420p",
        "frame_rate": Fraction(30000, 1001),
        "time_base": Fraction(1, 90000),
        "start_us": 1_400_000,
        "duration_claimed_ms": None,
        "duration_ms": 30_000,
        "packets": 900,
        "keyframes": (126000, 396000),
    }
    return Found(
        sha256, Path(path).name, 1_700_000_000_000_000_001, Recording(**recording | changes)
    )


def segments(number: int = 3) -> list[Segment]:
    """Ten-second segments one after another."""
    return [
        Segment(index, 10_000 * index, 10_000 * (index + 1), 900_000 * index, None)
        for index in range(number)
    ]


def presence(start_ms: int = 0, colour: float = 1.0, faces: int = 4) -> Presence:
    """Someone seen for two seconds; equal colours are equal vectors."""
    vector = np.zeros(8, np.float32)
    vector[0] = colour
    box = Box(10.5, 20.0, 80.0, 96.0)
    crops = (f"{start_ms:064x}.jpg",)
    return Presence(start_ms, start_ms + 2000, start_ms + 500, box, 0.9, 0.7, faces, vector, crops)
