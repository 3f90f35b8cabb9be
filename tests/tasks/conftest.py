"""Tasks as plain calls in this process, on their own home folder and Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from painted import RED, Stay, paint
from sqlalchemy import Engine

from worker.app import app
from worker.resources import resources


@pytest.fixture(scope="module", autouse=True)
def celery_sends_there(broker_url: str) -> Iterator[None]:
    """As if it had been in the settings when Celery was first used; only for these tests."""
    before = app.conf.broker_url
    _send_to(broker_url)
    yield
    _send_to(before)


def _send_to(broker_url: str) -> None:
    app.conf.broker_url = broker_url
    app.close()  # its connections may lead elsewhere: tests of other packages ran before these
    del app.amqp


@pytest.fixture
def broker(broker_url: str) -> Iterator[redis.Redis]:
    """That Redis, emptied."""
    with redis.Redis.from_url(broker_url) as connection:
        connection.flushall()
        yield connection


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home folder for this test, with engine `stub`."""
    monkeypatch.setenv("NIGHTREEL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("NIGHTREEL_ENGINE", "stub")
    resources.cache_clear()
    yield tmp_path / "home"
    resources().database.dispose()
    resources.cache_clear()


@pytest.fixture
def database() -> Engine:
    return resources().database


@pytest.fixture(scope="session")
def drawn_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty-two seconds, two segments; red from 1 s to 20 s."""
    return paint(tmp_path_factory.mktemp("drawn") / "secret-gate.mp4", 22, Stay(RED, 1, 20))
