"""What is found out about a broker before a night's work is trusted to it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from kombu.exceptions import OperationalError
from lab import Lab, closing
from stack_helpers import client_of
from waiting import wait_until

from errors import BrokerUnavailable
from worker.broker import reach
from worker.redis_server import (
    answers,
    on_socket,
    redis_client,
    redis_configuration,
    socket_url,
)
from worker.redis_settings import unsafe_settings
from worker.redis_versions import find_redis_server
from worker.sockets import make_place


class Server:
    """A Redis that can be killed, started again, and set up otherwise."""

    def __init__(self, folder: Path) -> None:
        self._folder, socket = folder, make_place(folder)
        self.url = socket_url(socket, "secret")
        configuration = redis_configuration(".", "secret", on_socket(socket))
        (folder / "redis.conf").write_text(configuration)
        self.connection = redis_client(self.url)

    def start(self, *options: str) -> None:
        """Start it, with other options than the embedded one has."""
        self._process = subprocess.Popen(
            [find_redis_server().path, "redis.conf", *options],
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        wait_until(lambda: answers(self.url))

    def kill(self) -> None:
        """As a power cut would, but for what the kernel has not written yet."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A Redis of this test's own."""
    made = Server(tmp_path)
    made.start()
    yield made
    made.connection.close()
    made.kill()


def send(server: Server, number: int) -> None:
    """Leave some messages in a queue that nobody serves."""
    client = client_of(server.url)
    for _ in range(number):
        client.send_task("celery.accumulate", [1])
    client.close()


def test_the_embedded_redis_has_nothing_unsafe(server: Server) -> None:
    assert list(unsafe_settings(server.url)) == []


@pytest.mark.parametrize(
    ("name", "value"), [("maxmemory-policy", "allkeys-lru"), ("appendonly", "no")]
)
def test_a_redis_that_may_lose_messages_is_told(server: Server, name: str, value: str) -> None:
    server.connection.config_set(name, value)
    (complaint,) = unsafe_settings(server.url)
    assert complaint.startswith(name)


def test_a_redis_that_keeps_its_settings_to_itself_is_told(server: Server) -> None:
    server.connection.execute_command("ACL SETUSER default -config")
    (complaint,) = unsafe_settings(server.url)
    assert "CONFIG GET is refused" in complaint


@pytest.mark.parametrize("url", ["redis+socket://:guess@{}", "redis://:secret@127.0.0.1:1/0"])
def test_a_broker_that_cannot_be_reached_is_told_without_its_password(
    server: Server, url: str
) -> None:
    with pytest.raises(BrokerUnavailable, match="NIGHTREEL_BROKER_URL") as caught:
        reach(url.format(server.url.partition("@")[2]))
    assert "guess" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(("option", "left"), [("yes", 3), ("no", 0)])
def test_only_an_append_only_redis_remembers_messages_when_it_was_killed(
    server: Server, option: str, left: int
) -> None:
    server.connection.config_set("appendonly", option)
    send(server, 3)
    wait_until(lambda: not server.connection.info("persistence").get("aof_buffer_length"))

    server.kill()
    server.start()

    assert server.connection.llen("nightreel:nightreel") == left


def test_a_full_redis_refuses_messages_and_keeps_those_it_has(server: Server) -> None:
    send(server, 3)
    server.connection.config_set("maxmemory", 1)
    with pytest.raises(OperationalError):
        send(server, 1)
    assert server.connection.llen("nightreel:nightreel") == 3


def test_a_full_redis_that_evicts_throws_the_queue_away(server: Server) -> None:
    send(server, 3)
    server.connection.config_set("maxmemory-policy", "allkeys-lru")
    server.connection.config_set("maxmemory", 1)
    wait_until(lambda: server.connection.llen("nightreel:nightreel") == 0)


def test_workers_outlast_a_broker_that_is_away(tmp_path: Path) -> None:
    server = Server(tmp_path)
    ours = Lab("ours", server.url, tmp_path)
    at_start = Lab("at_start", server.url, tmp_path, broker_connection_retry_on_startup=False)
    tries = Lab("tries", server.url, tmp_path, broker_connection_max_retries=1)
    with closing(ours, at_start, tries):
        at_start.process.wait(timeout=60)
        tries.process.wait(timeout=60)
        server.start()
        ours.nap("first", 0)
        server.kill()
        server.start()
        ours.nap("second", 0)
    server.connection.close()
    server.kill()


def test_workers_outlast_a_redis_that_takes_no_writes_for_a_while(
    server: Server, tmp_path: Path
) -> None:
    ours = Lab("ours", server.url, tmp_path)
    fragile = Lab("fragile", server.url, tmp_path, without=["broker_channel_error_retry"])
    with closing(ours, fragile):
        for lab in (ours, fragile):
            lab.nap("before", 0)
        server.connection.execute_command("REPLICAOF 127.0.0.1 1")
        fragile.process.wait(timeout=60)
        server.connection.execute_command("REPLICAOF NO ONE")
        ours.nap("after", 0)
