"""Files kept on this disk while there is room: fetched once, and left to whoever reads them."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from errors import FootageChanged, NightreelError, StoreUnavailable
from footage.remote.disk_cache import DiskCache

FETCH_FOR_EVER = """
import os, sys, time
from pathlib import Path
from footage.remote.disk_cache import DiskCache

def half(file):
    os.pwrite(file, b"aa", 0)
    print("begun", flush=True)
    time.sleep(60)

with DiskCache(Path(sys.argv[1]), 100).hold("a", 4, half):
    pass
"""


class Fetching:
    """Gives what it is told, and counts."""

    def __init__(self) -> None:
        self.fetched: list[bytes] = []

    def of(self, content: bytes) -> Callable[[int], None]:
        def fill(file: int) -> None:
            missing = content[os.lseek(file, 0, os.SEEK_END) :]
            self.fetched.append(missing)
            os.write(file, missing)

        return fill


@pytest.fixture
def fetching() -> Fetching:
    return Fetching()


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    """Room for ten bytes."""
    return DiskCache(tmp_path / "cache", 10)


def get(cache: DiskCache, fetching: Fetching, name: str, size: int = 4) -> bytes:
    content = (name * size).encode()
    with cache.hold(name, size, fetching.of(content)) as file:
        return file.read_bytes()


def names(cache: DiskCache) -> set[str]:
    return {file.name for file in cache.folder.iterdir()} - {".room"}


def test_a_file_is_fetched_once(cache: DiskCache, fetching: Fetching) -> None:
    assert [get(cache, fetching, "a"), get(cache, fetching, "a")] == [b"aaaa", b"aaaa"]
    assert fetching.fetched == [b"aaaa"]


def test_it_is_for_its_owner_alone(cache: DiskCache, fetching: Fetching) -> None:
    get(cache, fetching, "a")
    assert cache.folder.stat().st_mode & 0o077 == 0
    assert not [file for file in cache.folder.iterdir() if file.stat().st_mode & 0o077]


def test_what_was_used_longest_ago_makes_room(cache: DiskCache, fetching: Fetching) -> None:
    for name, used_at in (("a", 2), ("b", 1)):
        get(cache, fetching, name)
        os.utime(cache.folder / name, (used_at, used_at))
    get(cache, fetching, "c")
    assert names(cache) == {"a", "c"}


def test_using_a_file_makes_it_the_last_to_go(cache: DiskCache, fetching: Fetching) -> None:
    for name in "ab":
        get(cache, fetching, name)
        os.utime(cache.folder / name, (1, 1))
    get(cache, fetching, "a")
    get(cache, fetching, "c")
    assert names(cache) == {"a", "c"}


def test_what_somebody_reads_is_not_removed(cache: DiskCache, fetching: Fetching) -> None:
    with cache.hold("a", 8, fetching.of(b"a" * 8)) as file:
        with pytest.raises(StoreUnavailable, match=r"no room .* raise NIGHTREEL_FOOTAGE_CACHE_MB"):
            get(cache, fetching, "b")
        assert file.read_bytes() == b"a" * 8
    assert get(cache, fetching, "b", 8) == b"b" * 8
    assert names(cache) == {"b"}


def test_a_file_larger_than_all_the_room_removes_no_other(
    cache: DiskCache, fetching: Fetching
) -> None:
    get(cache, fetching, "a")
    with pytest.raises(StoreUnavailable, match="no room"):
        get(cache, fetching, "b", 11)
    assert names(cache) == {"a"}


def breaking_off(error: NightreelError) -> Callable[[int], None]:
    """Fetches a half."""

    def fill(file: int) -> None:
        os.pwrite(file, b"aa", 0)
        raise error

    return fill


def test_what_was_broken_off_is_gone_on_with(cache: DiskCache, fetching: Fetching) -> None:
    away = breaking_off(StoreUnavailable("The store is away."))
    with pytest.raises(StoreUnavailable, match="away"), cache.hold("a", 4, away):
        pass
    assert names(cache) == {"a.4.part"}
    assert get(cache, fetching, "a") == b"aaaa"
    assert fetching.fetched == [b"aa"]


def test_of_what_is_of_no_use_nothing_stays(cache: DiskCache) -> None:
    other = breaking_off(FootageChanged("It is another one."))
    with pytest.raises(FootageChanged), cache.hold("a", 4, other):
        pass
    assert names(cache) == set()


def test_who_waits_for_another_process_does_so_for_a_while(
    cache: DiskCache, fetching: Fetching
) -> None:
    def meanwhile(_: int) -> None:
        with cache.hold("a", 4, fetching.of(b"aaaa"), timeout_seconds=0):
            pass

    with pytest.raises(StoreUnavailable, match="Another process"), cache.hold("a", 4, meanwhile):
        pass


def test_two_who_want_the_same_file_fetch_it_once(cache: DiskCache, fetching: Fetching) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slowly(file: int) -> None:
        begun.set()
        assert go_on.wait(10)
        fetching.of(b"aaaa")(file)

    def first() -> None:
        with cache.hold("a", 4, slowly):
            pass

    got: list[bytes] = []
    threads = [
        threading.Thread(target=first),
        threading.Thread(target=lambda: got.append(get(cache, fetching, "a"))),
    ]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    go_on.set()
    for thread in threads:
        thread.join(10)
    assert (got, fetching.fetched) == ([b"aaaa"], [b"aaaa"])


def test_what_a_killed_process_left_half_is_gone_on_with(
    cache: DiskCache, fetching: Fetching
) -> None:
    command = [sys.executable, "-c", FETCH_FOR_EVER, str(cache.folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.kill()
    assert names(cache) == {"a.4.part"}

    assert get(cache, fetching, "a") == b"aaaa"
    assert fetching.fetched == [b"aa"]
    assert names(cache) == {"a"}


def test_a_half_that_nobody_goes_on_with_makes_room(cache: DiskCache, fetching: Fetching) -> None:
    cache.folder.mkdir()
    (cache.folder / "old.9.part").write_bytes(b"x")
    get(cache, fetching, "a")
    assert names(cache) == {"a"}


def test_a_folder_that_takes_nothing_is_explained(tmp_path: Path, fetching: Fetching) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(StoreUnavailable, match="cannot be written"):
        get(DiskCache(tmp_path / "cache", 10), fetching, "a")
