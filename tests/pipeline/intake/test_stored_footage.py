"""Footage in your own object store: watched as a file is, and from no other bucket."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from object_store import Spoiler, hanging_up_half_way, saying
from sqlalchemy import Engine, delete
from sqlmodel import select
from steps import ingest, open_segments, outcome, seen, watch_all

from errors import FootageVanished, RefusedFootage, StoreUnavailable
from footage.remote.disk_cache import DiskCache
from pipeline.analysis.match import match_analysis
from pipeline.context import Context
from pipeline.plan import Plan
from storage.database.database import reading, writing
from storage.files.footage_store import FootageStore
from storage.files.objects import Address, Bucket
from storage.jobs.ledger import MAX_ATTEMPTS
from storage.tables import Recording, Segment, State

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def address(bucket: Bucket, clip: Path) -> Address:
    """The clip in the store."""
    bucket.put("street/gate.mp4", clip.read_bytes())
    return Address(bucket.name, "street/gate.mp4")


@pytest.fixture
def context(make_tools: Callable[..., Context], bucket: Bucket, tmp_path: Path) -> Context:
    """A machine that reads from that bucket."""
    cache = DiskCache(tmp_path / "cache", 1 << 30)
    return make_tools(footage_store=FootageStore({bucket.name: bucket}, cache))


def elsewhere(context: Context, tmp_path: Path) -> Context:
    """Another machine, which has nothing on its disk yet."""
    assert context.footage_store is not None
    cache = DiskCache(tmp_path / "another cache", 1 << 30)
    return replace(context, footage_store=replace(context.footage_store, cache=cache))


def came_to_nothing(context: Context, analysis_id: int) -> str:
    """Watch as often as that is done; returns the reason why nothing was seen."""
    for ended in [one for _ in range(MAX_ATTEMPTS) for one in watch_all(context)]:
        match_analysis(ended, context)
    assert outcome(analysis_id, context).state is State.FAILED
    return outcome(analysis_id, context).reasons[0]


def test_it_is_watched_on_another_machine_as_a_file_is(
    address: Address, clip: Path, context: Context, plan: Plan, database: Engine, tmp_path: Path
) -> None:
    ingest(address, context, plan)
    watch_all(elsewhere(context, tmp_path))
    from_the_store = seen(database)
    with writing(database) as session:
        session.exec(delete(Recording))

    ingest(clip, context, plan)
    watch_all(context)

    assert seen(database) == from_the_store != []


def test_it_is_fetched_once_a_machine(
    address: Address, clip: Path, context: Context, plan: Plan, spoiler: Spoiler
) -> None:
    ingest(address, context, plan)
    watch_all(context)
    assert spoiler.sent_bytes == clip.stat().st_size


def test_a_file_and_an_object_of_the_same_bytes_are_one_recording(
    address: Address, clip: Path, context: Context, plan: Plan
) -> None:
    first, second = ingest(clip, context, plan), ingest(address, context, plan)
    assert first.recording_id == second.recording_id
    clip.unlink()
    assert watch_all(context) == [first.analysis_id]


def test_a_moment_of_trouble_in_the_store_is_not_noticed(
    address: Address, context: Context, plan: Plan, tmp_path: Path, spoiler: Spoiler
) -> None:
    analysis_id = ingest(address, context, plan).analysis_id
    spoiler.turns = [saying(503), saying(500)]
    assert watch_all(elsewhere(context, tmp_path)) == [analysis_id]


@pytest.mark.parametrize("trouble", [saying(503), hanging_up_half_way])
def test_trouble_that_stays_costs_no_attempt(
    address: Address,
    context: Context,
    plan: Plan,
    tmp_path: Path,
    spoiler: Spoiler,
    trouble: object,
) -> None:
    ingest(address, context, plan)
    there = elsewhere(context, tmp_path)
    spoiler.turns = [trouble] * 99  # type: ignore[list-item]
    with pytest.raises(StoreUnavailable):
        watch_all(there)
    spoiler.turns.clear()

    with reading(context.database) as session:
        assert {row.attempts for row in session.exec(select(Segment))} == {0}
    assert len(watch_all(there)) == 1


def test_a_long_fetch_is_broken_off_and_gone_on_with(
    address: Address,
    clip: Path,
    context: Context,
    tmp_path: Path,
    spoiler: Spoiler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("storage.files.footage_store.PIECE_BYTES", 1000)
    store = elsewhere(context, tmp_path).footage_store
    assert store is not None
    entry, pieces = store.look(address), -(-clip.stat().st_size // 1000)

    def fetch() -> bytes:
        with store.local_copy(address, entry, timeout_seconds=0) as file:
            return file.read_bytes()

    for _ in range(pieces - 1):
        with pytest.raises(StoreUnavailable, match="not fetched completely yet"):
            fetch()
    assert fetch() == clip.read_bytes()
    assert spoiler.sent_bytes == clip.stat().st_size


def test_an_object_that_is_lost_is_said(
    address: Address, context: Context, plan: Plan, bucket: Bucket
) -> None:
    analysis_id = ingest(address, context, plan).analysis_id
    bucket.delete([address.key])
    assert "no longer in its bucket" in came_to_nothing(context, analysis_id)


def test_an_object_that_was_replaced_is_not_taken_for_it(
    address: Address, context: Context, plan: Plan, bucket: Bucket, tmp_path: Path
) -> None:
    """By one of the same size and in the same second: only its bytes tell."""
    analysis_id = ingest(address, context, plan).analysis_id
    whole = bucket.get(address.key)
    modified_at = bucket.head(address.key).modified_at
    bucket.put(address.key, whole[:-1] + bytes([whole[-1] ^ 1]))
    there = elsewhere(context, tmp_path)
    reason = came_to_nothing(there, analysis_id)
    same_second = bucket.head(address.key).modified_at == modified_at
    assert ("The object has been replaced" if same_second else "has changed") in reason


@pytest.mark.parametrize("url", ["s3://another/gate.mp4", "s3://{bucket}/lost.mp4"])
def test_what_may_not_be_read_or_is_not_there_is_refused(
    url: str, context: Context, plan: Plan, bucket: Bucket
) -> None:
    address = Address.parse(url.format(bucket=bucket.name))
    with pytest.raises((RefusedFootage, FootageVanished)):
        ingest(address, context, plan)
    assert open_segments(context) == []
