"""A real worker with the project's configuration is stopped in the middle of a task."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from stack_helpers import client_of
from waiting import wait_until


@pytest.fixture
def connection(broker_url: str) -> Iterator[redis.Redis]:
    """An empty broker."""
    with redis.Redis.from_url(broker_url) as connected:
        connected.flushall()
        yield connected


@pytest.fixture
def worker(broker_url: str, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that goes on for a second after it was told to stop."""
    settings = {
        "NIGHTREEL_HOME": str(tmp_path),
        "NIGHTREEL_BROKER_URL": broker_url,
        "NIGHTREEL_STOP_SECONDS": "1",
    }
    with (tmp_path / "worker.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("lab_worker.py"))],
            env=os.environ | settings,
            stdout=log,
            stderr=log,
        )
    yield process
    process.kill()
    process.wait()


def queue_lengths(connection: redis.Redis) -> tuple[int, int]:
    """Messages that wait, and messages that a worker has taken and not acknowledged."""
    return int(connection.llen("nightreel:nightreel")), int(connection.hlen("nightreel:unacked"))


@pytest.mark.parametrize(
    ("nap_seconds", "diary", "left"),
    [(0.5, ["began", "ended"], 0), (60.0, ["began"], 1)],
    ids=["what can be finished is finished", "the rest is given back at once"],
)
def test_a_stopping_worker_loses_nothing(
    connection: redis.Redis,
    worker: subprocess.Popen[bytes],
    broker_url: str,
    tmp_path: Path,
    nap_seconds: float,
    diary: list[str],
    left: int,
) -> None:
    file = tmp_path / "diary"
    client_of(broker_url).send_task("lab.nap", [nap_seconds, str(file)])
    wait_until(file.exists)

    worker.send_signal(signal.SIGTERM)

    worker.wait(timeout=60)
    assert file.read_text().split() == diary
    assert queue_lengths(connection) == (left, 0)
