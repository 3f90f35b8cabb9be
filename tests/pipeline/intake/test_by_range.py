"""Footage in the object store of which only that is fetched that is read."""

import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import numpy as np
import pytest
from footage_factory import run_ffmpeg
from object_store import Spoiler, saying
from sqlalchemy import Engine, delete, update
from sqlmodel import select
from steps import ingest, open_segments, outcome, seen, watch_all

from errors import StoreUnavailable
from footage.recording import fingerprint, probe
from footage.remote.disk_cache import DiskCache
from footage.remote.held_reads import can_hold_reads
from footage.segments import Segment, divide
from pipeline.analysis.analyse import Findings, analyse
from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.context import Context
from pipeline.local_footage import Known, local_copy, modified_ns
from pipeline.plan import Plan
from storage import tables
from storage.database.database import reading, writing
from storage.files.footage_store import FootageStore
from storage.files.objects import Address, Bucket
from storage.jobs.ledger import MAX_ATTEMPTS
from storage.tables import Recording, State

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a small clip has many."""
    monkeypatch.setattr("footage.remote.sparse_file.BLOCK_BYTES", 1 << 14)
    monkeypatch.setattr("footage.remote.sparse_file.AHEAD_BLOCKS", 1)


@pytest.fixture(scope="session")
def noisy_clip(drawn_clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The clip with a sound track, which makes it a hundred times as large."""
    noisy = tmp_path_factory.mktemp("noisy") / "gate.mp4"
    sound = ("-f", "lavfi", "-i", "anoisesrc=d=6", "-c:a", "aac", "-b:a", "512k")
    run_ffmpeg("-i", drawn_clip, *sound, "-c:v", "copy", noisy)
    return noisy


@pytest.fixture
def clip(noisy_clip: Path, tmp_path: Path) -> Path:
    """A copy of one's own of that clip."""
    return Path(shutil.copy(noisy_clip, tmp_path))


@pytest.fixture
def context(make_tools: Callable[..., Context], bucket: Bucket, tmp_path: Path) -> Context:
    """A machine that holds reads, with an empty cache; footage is added elsewhere."""
    made = make_tools()
    if not can_hold_reads(made.decoder.executable, made.decoder.sandbox):
        (pytest.fail if "CI" in os.environ else pytest.skip)("this kernel holds no reads")
    cache = DiskCache(tmp_path / "cache", 1 << 30)
    return replace(made, footage_store=FootageStore({bucket.name: bucket}, cache, by_range=True))


@pytest.fixture
def elsewhere(context: Context, tmp_path: Path) -> Context:
    """The machine on which footage is added: all of it has been there."""
    assert context.footage_store is not None
    cache = DiskCache(tmp_path / "another cache", 1 << 30)
    return replace(context, footage_store=replace(context.footage_store, cache=cache))


@pytest.fixture
def address(bucket: Bucket, clip: Path, spoiler: Spoiler) -> Address:
    """The clip in the store."""
    return put(bucket, clip, spoiler)


def put(bucket: Bucket, path: Path, spoiler: Spoiler) -> Address:
    spoiler.server.bucket(bucket.name).put(path.name, path.read_bytes())
    return Address(bucket.name, path.name)


def look(
    segment: Segment, known: Known, context: Context, plan: Plan, store: FootageStore | None
) -> Findings:
    with local_copy(known, store) as recording:
        return analyse(
            recording, segment, plan=plan, engine=context.engine_for(plan), decoder=context.decoder
        )


def known_of(path: Path, address: Address, context: Context) -> Known:
    assert context.footage_store is not None
    entry = context.footage_store.look(address)
    recording = replace(probe(str(path), context.decoder), path=str(address))
    return Known(recording, fingerprint(str(path)), modified_ns(entry), entry.tag)


@pytest.mark.parametrize(
    ("name", "options", "mode"),
    [
        ("end.mp4", (), "interval"),
        ("end.mp4", (), "keyframes"),
        ("first.mp4", ("-movflags", "+faststart"), "interval"),
        ("parts.mp4", ("-movflags", "+frag_keyframe+empty_moov"), "interval"),
        ("cues.mkv", (), "interval"),
        ("index.avi", (), "interval"),
        ("stream.ts", (), "keyframes"),
        ("raw.h264", (), "interval"),
    ],
)
def test_every_container_gives_the_same_as_a_file(
    name: str,
    options: tuple[str, ...],
    mode: str,
    clip: Path,
    context: Context,
    plan: Plan,
    bucket: Bucket,
    spoiler: Spoiler,
) -> None:
    file = clip.with_name(name)
    run_ffmpeg("-i", clip, "-c", "copy", *options, file)
    here = probe(str(file), context.decoder)
    there, plan = known_of(file, put(bucket, file, spoiler), context), replace(plan, mode=mode)
    on_disk = Known(here, "", file.stat().st_mtime_ns)
    for segment in divide(here, plan.max_segment_seconds)[:0:-1]:
        by_range = look(segment, there, context, plan, context.footage_store)
        as_file = look(segment, on_disk, context, plan, None)
        np.testing.assert_equal(asdict(by_range), asdict(as_file))


def test_a_late_segment_of_a_long_recording_takes_a_small_part(
    tmp_path: Path,
    context: Context,
    plan: Plan,
    bucket: Bucket,
    spoiler: Spoiler,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.undo()  # blocks as large as they are
    short, long = tmp_path / "short.mp4", tmp_path / "long.mp4"
    noise = "testsrc2=size=320x240:rate=10:duration=10,noise=alls=40:allf=t"
    run_ffmpeg("-f", "lavfi", "-i", noise, "-c:v", "mpeg4", "-q:v", "2", "-g", "10", short)
    run_ffmpeg("-stream_loop", "19", "-i", short, "-c", "copy", long)
    size_bytes = long.stat().st_size
    known = known_of(long, put(bucket, long, spoiler), context)
    segment = divide(known.recording, 10)[-2]
    spoiler.sent_bytes = 0

    look(segment, known, context, plan, context.footage_store)

    assert 9_000 < segment.end_ms - segment.start_ms < 11_000
    assert size_bytes > 40_000_000
    assert 0 < spoiler.sent_bytes < size_bytes // 4


def test_what_all_segments_together_read_is_fetched_once(
    address: Address,
    clip: Path,
    context: Context,
    elsewhere: Context,
    plan: Plan,
    spoiler: Spoiler,
    database: Engine,
) -> None:
    ingest(address, elsewhere, plan)
    spoiler.requests, spoiler.sent_bytes = [], 0
    watch_all(context)
    by_range = seen(database)
    assert spoiler.sent_bytes <= clip.stat().st_size
    assert {method for method, _ in spoiler.requests} == {"HEAD", "GET"}

    with writing(database) as session:
        session.exec(delete(Recording))
    ingest(clip, context, plan)
    watch_all(context)
    assert seen(database) == by_range != []


def pass_on_to(spoiler: Spoiler) -> Callable[[BaseHTTPRequestHandler], None]:
    """A turn of no trouble."""
    return lambda request: spoiler.pass_on(request, b"")


def test_a_store_that_goes_away_in_the_middle_costs_no_attempt_and_leaves_no_result(
    address: Address,
    context: Context,
    elsewhere: Context,
    plan: Plan,
    spoiler: Spoiler,
    database: Engine,
) -> None:
    ingest(address, elsewhere, plan)
    second = open_segments(context)[1]
    spoiler.turns = [pass_on_to(spoiler)] * 3 + [saying(503)] * 99
    with pytest.raises(StoreUnavailable, match="it says 503"):
        watch(second, context)
    spoiler.turns.clear()

    with reading(database) as session:
        segment = session.get_one(tables.Segment, second)
        assert (segment.state, segment.attempts) == (State.WAITING, 0)
    assert seen(database) == []
    watch_all(context)
    assert seen(database) != []


def test_an_object_that_is_replaced_in_the_middle_gives_no_result(
    address: Address,
    clip: Path,
    context: Context,
    elsewhere: Context,
    plan: Plan,
    spoiler: Spoiler,
    database: Engine,
) -> None:
    analysis_id = ingest(address, elsewhere, plan).analysis_id

    def replaced(request: BaseHTTPRequestHandler) -> None:
        another = spoiler.server.bucket(address.bucket)
        another.put(address.key, clip.read_bytes()[::-1])
        spoiler.pass_on(request, b"")

    spoiler.turns = [pass_on_to(spoiler)] * 3 + [replaced]
    for ended in [one for _ in range(MAX_ATTEMPTS) for one in watch_all(context)]:
        match_analysis(ended, context)

    assert outcome(analysis_id, context).state is State.FAILED
    assert seen(database) == []
    with reading(database) as session:
        segments = session.exec(select(tables.Segment)).all()
    assert {one.state for one in segments} == {State.QUARANTINED}
    assert all("changed" in str(one.reason) or "replaced" in str(one.reason) for one in segments)


def test_a_store_that_heeds_no_condition_is_found_out(
    address: Address, bucket: Bucket, spoiler: Spoiler, context: Context
) -> None:
    def heedless(request: BaseHTTPRequestHandler) -> None:
        for name in ("If-Match", "Authorization"):  # which signs the condition too
            del request.headers[name]
        spoiler.pass_on(request, b"")

    assert context.footage_store is not None
    entry = context.footage_store.look(address)
    spoiler.turns = [heedless]
    assert len(bucket.get_range(entry, 0, 100)) == 100
    spoiler.server.bucket(address.bucket).put(address.key, bytes(entry.size_bytes))
    spoiler.turns = [heedless]
    with pytest.raises(FileNotFoundError):
        bucket.get_range(entry, 0, 100)


@pytest.mark.parametrize("tag", [None, "another"])
def test_where_the_tag_tells_nothing_all_of_it_is_fetched(
    tag: str | None,
    address: Address,
    clip: Path,
    context: Context,
    elsewhere: Context,
    plan: Plan,
    spoiler: Spoiler,
    database: Engine,
) -> None:
    ingest(address, elsewhere, plan)
    with writing(database) as session:
        session.exec(update(Recording).values(object_tag=tag))
    spoiler.sent_bytes = 0
    watch(open_segments(context)[0], context)
    assert spoiler.sent_bytes == clip.stat().st_size


def test_where_no_reads_are_held_all_of_it_is_fetched(
    address: Address, clip: Path, context: Context, elsewhere: Context, plan: Plan, spoiler: Spoiler
) -> None:
    ingest(address, elsewhere, plan)
    assert context.footage_store is not None
    without = replace(context, footage_store=replace(context.footage_store, by_range=False))
    spoiler.sent_bytes = 0
    watch(open_segments(context)[0], without)
    assert spoiler.sent_bytes == clip.stat().st_size
