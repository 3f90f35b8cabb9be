"""Files of the cache that are here in parts: nothing is taken for here that is not."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from errors import FootageChanged, StoreUnavailable
from footage.remote import sparse_file
from footage.remote.disk_cache import DiskCache
from footage.remote.sparse_file import SparseFile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's locks")

BLOCK = 4096
BLOCKS = 40
CONTENT = b"".join(bytes([65 + each % 26]) * BLOCK for each in range(BLOCKS)) + b"the end"
BRING_ALL = """
import sys, time
from pathlib import Path
from footage.remote import sparse_file
from footage.remote.disk_cache import DiskCache

sparse_file.BLOCK_BYTES, sparse_file.AHEAD_BLOCKS, sparse_file.MOST_BLOCKS = 4096, 1, 1
content, pause = Path(sys.argv[2]).read_bytes(), float(sys.argv[3])

def fetch(start, end):
    print(start // 4096, flush=True)
    time.sleep(pause)
    return content[start:end]

cache = DiskCache(Path(sys.argv[1]), 1 << 20)
with cache.hold_in_parts("film", len(content), fetch, lambda file: None) as (path, parts):
    sys.stdin.readline()
    parts.ensure(0, len(content))
    print(path.read_bytes() == content, flush=True)
    sys.stdin.readline()
"""


class Store:
    """Gives what lies in it, and counts."""

    def __init__(self) -> None:
        self.fetched: list[tuple[int, int]] = []
        """Blocks [first, last) each time."""

    def fetch(self, start: int, end: int) -> bytes:
        self.fetched.append((start // BLOCK, -(-end // BLOCK)))
        return CONTENT[start:end]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"BLOCK_BYTES": BLOCK, "AHEAD_BLOCKS": 4, "MOST_BLOCKS": 16}.items():
        monkeypatch.setattr(sparse_file, name, value)


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "cache", 1 << 20)


@contextmanager
def held(
    cache: DiskCache,
    fetch: Callable[[int, int], bytes],
    check: Callable[[int], None] = lambda _: None,
    name: str = "film",
    timeout_seconds: float = 60,
) -> Iterator[tuple[Path, SparseFile]]:
    """The file, of which something is missing."""
    with cache.hold_in_parts(name, len(CONTENT), fetch, check, timeout_seconds=timeout_seconds) as (
        path,
        parts,
    ):
        assert parts is not None
        yield path, parts


def names(cache: DiskCache) -> set[str]:
    return {file.name for file in cache.folder.iterdir()} - {".room"}


def occupied(cache: DiskCache) -> int:
    return sum(file.stat().st_blocks * 512 for file in cache.folder.glob("*.sparse"))


def test_what_is_asked_for_is_fetched_and_nothing_else(cache: DiskCache, store: Store) -> None:
    with held(cache, store.fetch) as (path, parts):
        parts.ensure(5 * BLOCK + 10, 7 * BLOCK + 1)
        assert path.read_bytes()[5 * BLOCK : 8 * BLOCK] == CONTENT[5 * BLOCK : 8 * BLOCK]
        assert path.stat().st_size == len(CONTENT)
    assert store.fetched == [(5, 8)]


def test_what_is_here_is_not_fetched_again(cache: DiskCache, store: Store) -> None:
    for _ in range(2):
        with held(cache, store.fetch) as (_, parts):
            parts.ensure(0, 2 * BLOCK)
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(BLOCK, 4 * BLOCK)
    assert store.fetched == [(0, 2), (2, 6)]


def test_who_reads_on_gets_more_at_once(cache: DiskCache, store: Store) -> None:
    with held(cache, store.fetch) as (_, parts):
        for block in range(9):
            parts.ensure(block * BLOCK, (block + 1) * BLOCK)
    assert store.fetched == [(0, 1), (1, 5), (5, 9)]


def test_who_asks_very_often_gets_more_at_once(
    cache: DiskCache, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sparse_file, "FETCHES_BEFORE_DOUBLING", 2)
    with held(cache, store.fetch) as (_, parts):
        for block in range(0, BLOCKS, 2):
            parts.ensure(block * BLOCK, block * BLOCK + 1)
    sizes = [last - first for first, last in store.fetched]
    assert (sizes[:2], max(sizes)) == ([1, 1], 8)


@pytest.mark.parametrize("start", [len(CONTENT), len(CONTENT) + 10**6, (1 << 64) - 1])
def test_beyond_its_end_there_is_nothing_to_fetch(
    start: int, cache: DiskCache, store: Store
) -> None:
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(len(CONTENT) - 3, start + 10)
        parts.ensure(start + BLOCK, start + 2 * BLOCK)
    assert store.fetched == [(BLOCKS, BLOCKS + 1)]


def test_when_all_of_it_has_come_it_is_one_that_is_whole(cache: DiskCache, store: Store) -> None:
    checked: list[bytes] = []

    def check(file: int) -> None:
        checked.append(os.pread(file, len(CONTENT) + 1, 0))

    with held(cache, store.fetch, check) as (_, parts):
        parts.ensure(0, len(CONTENT))
    assert checked == [CONTENT]
    assert names(cache) == {"film"}
    with cache.hold("film", len(CONTENT), lambda _: pytest.fail("it is here")) as file:
        assert file.read_bytes() == CONTENT
    with cache.hold_in_parts("film", len(CONTENT), store.fetch, check) as (_, none):
        assert none is None


def test_while_somebody_else_reads_it_it_stays_where_it_is(cache: DiskCache, store: Store) -> None:
    with held(cache, store.fetch) as (path, _):
        with held(cache, store.fetch) as (same, parts):
            parts.ensure(0, len(CONTENT))
        assert path == same and path.read_bytes() == CONTENT
    assert names(cache) == {"film"}


def test_of_what_turns_out_to_be_another_nothing_stays(cache: DiskCache, store: Store) -> None:
    def check(_: int) -> None:
        raise FootageChanged("It is another one.")

    with pytest.raises(FootageChanged), held(cache, store.fetch, check) as (_, parts):
        parts.ensure(0, len(CONTENT))
    assert names(cache) == set()


def test_what_cannot_be_fetched_is_not_here(cache: DiskCache, store: Store) -> None:
    def away(_start: int, _end: int) -> bytes:
        raise StoreUnavailable("The store is away.")

    with pytest.raises(StoreUnavailable, match="away"), held(cache, away) as (_, parts):
        parts.ensure(0, BLOCK)
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(0, BLOCK)
    assert store.fetched == [(0, 1)]


def test_an_answer_that_is_too_short_is_not_taken(cache: DiskCache, store: Store) -> None:
    def short(start: int, end: int) -> bytes:
        return CONTENT[start : end - 1]

    with pytest.raises(StoreUnavailable, match="less data"), held(cache, short) as (_, parts):
        parts.ensure(0, BLOCK)
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(0, BLOCK)
    assert store.fetched == [(0, 1)]


def test_it_counts_for_what_it_occupies(tmp_path: Path, store: Store) -> None:
    cache = DiskCache(tmp_path / "cache", 8 * BLOCK)
    for name in ("film", "another"):
        with held(cache, store.fetch, name=name) as (_, parts):
            parts.ensure(0, 3 * BLOCK)
    assert len(names(cache)) == 4
    assert 6 * BLOCK <= occupied(cache) <= 8 * BLOCK


def test_parts_that_were_used_longest_ago_make_room(tmp_path: Path, store: Store) -> None:
    cache = DiskCache(tmp_path / "cache", 8 * BLOCK)
    for place, name in enumerate(("old", "newer", "newest")):
        with held(cache, store.fetch, name=name) as (path, parts):
            parts.ensure(0, 3 * BLOCK)
        os.utime(path, (place, place))
    assert {name.partition(".")[0] for name in names(cache)} == {"newer", "newest"}
    assert len(names(cache)) == 4  # each with its map


def test_parts_that_somebody_reads_make_no_room(tmp_path: Path, store: Store) -> None:
    cache = DiskCache(tmp_path / "cache", 8 * BLOCK)
    with held(cache, store.fetch) as (path, parts):
        parts.ensure(0, 5 * BLOCK)
        with (
            pytest.raises(StoreUnavailable, match=r"no room .* raise NIGHTREEL_FOOTAGE_CACHE_MB"),
            held(cache, store.fetch, name="another") as (_, others),
        ):
            others.ensure(0, 5 * BLOCK)
        assert path.read_bytes()[: 5 * BLOCK] == CONTENT[: 5 * BLOCK]


def test_a_file_that_has_filled_the_cache_is_begun_again(tmp_path: Path, store: Store) -> None:
    cache = DiskCache(tmp_path / "cache", 8 * BLOCK)
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(0, 6 * BLOCK)
    with pytest.raises(StoreUnavailable, match="no room"), held(cache, store.fetch) as (_, parts):
        parts.ensure(30 * BLOCK, 36 * BLOCK)
    with held(cache, store.fetch) as (path, parts):
        parts.ensure(30 * BLOCK, 36 * BLOCK)
        assert path.read_bytes()[30 * BLOCK : 36 * BLOCK] == CONTENT[30 * BLOCK : 36 * BLOCK]


def test_a_map_from_before_the_machine_was_started_is_not_believed(
    cache: DiskCache, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for boot in ("yesterday", "today"):
        monkeypatch.setattr(sparse_file, "_boot", lambda boot=boot: boot)
        with held(cache, store.fetch) as (_, parts):
            parts.ensure(0, BLOCK)
    assert store.fetched == [(0, 1), (0, 1)]


def test_without_its_map_nothing_is_here(cache: DiskCache, store: Store) -> None:
    for _ in range(2):
        with held(cache, store.fetch) as (path, parts):
            parts.ensure(0, BLOCK)
        sparse_file.map_of(path).unlink()
    assert store.fetched == [(0, 1), (0, 1)]


def test_parts_are_cleared_with_all_else(cache: DiskCache, store: Store) -> None:
    with held(cache, store.fetch) as (_, parts):
        parts.ensure(0, BLOCK)
    cache.clear()
    assert names(cache) == set()


def test_who_fetches_for_too_long_goes_on_the_next_time(cache: DiskCache, store: Store) -> None:
    def slowly(start: int, end: int) -> bytes:
        threading.Event().wait(0.01)
        return store.fetch(start, end)

    for _ in range(2):
        with (
            pytest.raises(StoreUnavailable, match="not fetched completely yet"),
            held(cache, slowly, timeout_seconds=0.005) as (_, parts),
        ):
            parts.ensure(0, len(CONTENT))
    assert store.fetched == [(0, 16), (16, 32)]


def test_it_is_not_let_go_of_while_something_is_being_brought(cache: DiskCache) -> None:
    """Its descriptor could be another file's by the time the bytes have come."""
    begun, go_on = threading.Event(), threading.Event()

    def slowly(start: int, end: int) -> bytes:
        begun.set()
        assert go_on.wait(10)
        return CONTENT[start:end]

    with held(cache, slowly) as (path, parts):
        bringing = threading.Thread(target=parts.ensure, args=(0, BLOCK))
        bringing.start()
        assert begun.wait(10)
        threading.Timer(0.1, go_on.set).start()
    assert go_on.is_set()
    assert path.read_bytes()[:BLOCK] == CONTENT[:BLOCK]
    bringing.join()


def start(cache: DiskCache, content: Path, pause: float) -> "subprocess.Popen[str]":
    """Another process, which brings all of it when it is told to."""
    return subprocess.Popen(
        [sys.executable, "-c", BRING_ALL, str(cache.folder), str(content), str(pause)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_two_processes_fetch_each_block_once(cache: DiskCache, tmp_path: Path) -> None:
    (tmp_path / "content").write_bytes(CONTENT)
    both = [start(cache, tmp_path / "content", 0.01) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate("end\n", timeout=60)[0].split() for process in both]
    assert [lines.pop() for lines in said] == ["True", "True"]
    assert sorted(int(block) for lines in said for block in lines) == list(range(BLOCKS + 1))
    assert names(cache) == {"film"}


def test_a_process_that_is_killed_leaves_no_block_that_is_not_here(
    cache: DiskCache, tmp_path: Path, store: Store
) -> None:
    (tmp_path / "content").write_bytes(CONTENT)
    with start(cache, tmp_path / "content", 0.02) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        begun = [int(process.stdout.readline()) for _ in range(5)]
        process.kill()
    with held(cache, store.fetch) as (path, parts):
        parts.ensure(0, len(CONTENT))
        assert path.read_bytes() == CONTENT
    assert begun == [0, 1, 2, 3, 4]
    assert store.fetched[0][0] >= 4
