"""Segments are watched under leases; whatever goes wrong ends as a reason in the ledger."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from painted import RED, Stay, paint
from sealing import sealed
from snapshots import snapshot
from sqlalchemy import URL, Engine, create_engine, text
from sqlmodel import select
from steps import find, ingest, open_segments, outcome, watch_all
from waiting import wait_until

from errors import StoreUnavailable
from faces.engines.stub import StubEngine
from faces.face import Face, Image
from pipeline.analysis.heartbeat import Heartbeat
from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.plan import Plan
from storage.database.database import connect, reading, writing
from storage.jobs import ledger, reaper
from storage.jobs.ledger import MAX_ATTEMPTS
from storage.jobs.listing import segment_rows
from storage.tables import Segment, Sighting, State


class Interrupted(StubEngine):
    """An engine to which something happens while it looks for faces."""

    def __init__(self, happening: Callable[[], object]) -> None:
        super().__init__()
        self.happening = happening

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        self.happening()
        return super().detect(images)


def raising(error: BaseException) -> Callable[[], object]:
    def fail() -> None:
        raise error

    return fail


def once(happening: Callable[[], object]) -> Callable[[], object]:
    """The first call does it, the others nothing."""
    left = [happening]
    return lambda: left.pop()() if left else None


def waiting_is_logged(caplog: pytest.LogCaptureFixture) -> bool:
    return any(record.name == "pipeline.retry" for record in caplog.records)


@contextmanager
def once_it_is(so: Callable[[], bool], act: Callable[[], object]) -> Iterator[None]:
    """Beside the block, act as soon as something is so."""
    with ThreadPoolExecutor(1) as beside:
        acted = beside.submit(lambda: (wait_until(so), act()))
        yield
        acted.result()


@contextmanager
def away(url: URL) -> Iterator[None]:
    """A PostgreSQL database lets nobody in, and nobody stay; a SQLite file takes no writes."""
    if url.get_backend_name() == "sqlite":
        locker = sqlite3.connect(str(url.database), check_same_thread=False, isolation_level=None)
        locker.execute("begin immediate")
        yield
        locker.close()
        return
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"alter database {url.database} allow_connections false"))
        connection.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname = :database"
            ),
            {"database": url.database},
        )
        yield
        connection.execute(text(f"alter database {url.database} allow_connections true"))
    server.dispose()


@pytest.fixture
def impatient(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The same database, by connections that do not wait for a lock."""
    monkeypatch.setattr("storage.database.sqlite_engine.BUSY_SECONDS", 0.05)
    engine = connect(database_url)
    yield engine
    engine.dispose()


def row(database: Engine, segment_id: int) -> Segment:
    """A segment as it stands."""
    with reading(database) as session:
        return session.exec(select(Segment).where(Segment.id == segment_id)).one()


def test_watching_a_segment_twice_equals_once(clip: Path, context: Context, plan: Plan) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id
    segments = open_segments(context)
    assert [watch(segment, context) for segment in segments] == [None, None, analysis_id]
    once = snapshot(context.database)

    assert [watch(segment, context) for segment in segments] == [None, None, None]

    assert snapshot(context.database) == once


def test_whoever_ends_the_last_segment_is_told(clip: Path, context: Context, plan: Plan) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id

    ended = [watch(segment, context) for segment in reversed(open_segments(context))]

    assert ended == [None, None, analysis_id]


def test_a_segment_that_is_gone_is_nobodys(context: Context) -> None:
    assert watch(12345, context) is None


def test_crops_are_kept_before_the_ledger_names_them(
    clip: Path, context: Context, plan: Plan
) -> None:
    ingest(clip, context, plan)
    watch_all(context)

    with reading(context.database) as session:
        crops = [name for row in session.exec(select(Sighting)) for name in row.crops]
    assert crops
    assert all(context.media.read(name).startswith(b"\xff\xd8") for name in crops)


def test_footage_that_vanished_ends_with_its_reason_and_the_rest_goes_on(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    gone = ingest(clip, context, plan).analysis_id
    here = ingest(paint(tmp_path / "here.mp4", 2, Stay(RED, 0, 2)), context, plan).analysis_id
    clip.unlink()

    ended = [analysis for _ in range(MAX_ATTEMPTS) for analysis in watch_all(context)]
    for analysis in ended:
        match_analysis(analysis, context)

    assert sorted(ended) == [gone, here]
    assert outcome(here, context).state is State.DONE
    assert outcome(gone, context).state is State.FAILED
    assert "no longer where it was added" in outcome(gone, context).reasons[0]
    assert outcome(gone, context).gaps == [(0, 2000), (2000, 4000), (4000, 6000)]


def test_footage_that_vanishes_midway_leaves_gaps(clip: Path, context: Context, plan: Plan) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id
    watch(open_segments(context)[0], context)
    clip.unlink()

    for _ in range(MAX_ATTEMPTS):
        watch_all(context)
    match_analysis(analysis_id, context)

    found = outcome(analysis_id, context)
    assert (found.state, found.decoded_ms) == (State.GAPS, 2000)
    assert found.gaps == [(2000, 4000), (4000, 6000)]


def test_footage_that_came_back_is_watched(clip: Path, context: Context, plan: Plan) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id
    away = clip.rename(clip.with_suffix(".away"))
    watch_all(context)
    away.rename(clip)

    assert watch_all(context) == [analysis_id]
    match_analysis(analysis_id, context)

    assert outcome(analysis_id, context).state is State.DONE
    assert outcome(analysis_id, context).reasons == []


def test_footage_that_was_changed_is_refused_at_once(
    clip: Path, context: Context, plan: Plan
) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id
    paint(clip, 6, Stay(RED, 0, 6))

    assert watch_all(context) == [analysis_id]

    segments = snapshot(context.database)["segment"]
    assert {segment["state"] for segment in segments} == {State.QUARANTINED}
    assert {segment["attempts"] for segment in segments} == {1}
    assert "has changed since it was added" in segments[0]["reason"]


def test_a_decoder_that_cannot_start_is_a_reason(
    clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan
) -> None:
    ingest(clip, context, plan)
    segment = open_segments(context)[0]
    broken = make_tools(decoder=replace(context.decoder, executable="/nowhere/ffmpeg"))

    assert watch(segment, broken) is None

    after = row(context.database, segment)
    assert (after.state, after.attempts) == (State.WAITING, 1)
    assert after.reason == "ffmpeg cannot be started: No such file or directory."


def test_an_unexpected_error_is_recorded_by_its_kind_only(
    clip: Path, make_tools: Callable[..., Context], plan: Plan, caplog: pytest.LogCaptureFixture
) -> None:
    context = make_tools(Interrupted(raising(RuntimeError("the vector is 0.1234"))))
    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    assert watch(segment, context) is None

    after = row(context.database, segment)
    assert (after.state, after.attempts) == (State.WAITING, 1)
    assert after.reason == "An unexpected RuntimeError ended it; the worker's log says more."
    assert [record.getMessage() for record in caplog.records] == [f"segment {segment} failed"]


def test_what_fails_at_every_attempt_is_quarantined(
    clip: Path, make_tools: Callable[..., Context], plan: Plan
) -> None:
    context = make_tools(Interrupted(raising(ValueError())))
    analysis_id = ingest(clip, context, plan).analysis_id

    ended = [analysis for _ in range(MAX_ATTEMPTS) for analysis in watch_all(context)]

    assert ended == [analysis_id]
    assert open_segments(context) == []
    assert "ValueError" in outcome(analysis_id, context).reasons[0]


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), SystemExit()])
def test_an_orderly_stop_gives_the_segment_back(
    clip: Path, make_tools: Callable[..., Context], plan: Plan, stop: BaseException
) -> None:
    context = make_tools(Interrupted(raising(stop)))
    ingest(clip, context, plan)
    before = snapshot(context.database, without={"id"})["segment"]

    with pytest.raises(type(stop)):
        watch(open_segments(context)[0], context)

    assert snapshot(context.database, without={"id"})["segment"] == before


def test_a_worker_that_lost_its_lease_commits_nothing(
    clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan
) -> None:
    def lose_it() -> None:
        with writing(context.database) as session:
            reaper.expired(session, utc_now() + timedelta(hours=1))
            assert ledger.claim(session, segment, "another", 60, utc_now()) is not None

    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    assert watch(segment, make_tools(Interrupted(lose_it))) is None

    after = row(context.database, segment)
    assert (after.state, after.lease_owner) == (State.RUNNING, "another")
    assert snapshot(context.database)["sighting"] == []


def test_a_worker_whose_segment_another_ended_changes_nothing(
    clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan
) -> None:
    seen_by_other = []

    def end_it_elsewhere() -> None:
        with writing(context.database) as session:
            reaper.expired(session, utc_now() + timedelta(hours=1))
        watch(segment, context)
        seen_by_other.append(snapshot(context.database))

    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    assert watch(segment, make_tools(Interrupted(end_it_elsewhere))) is None

    assert snapshot(context.database) == seen_by_other[0]


def test_the_heartbeat_keeps_a_lease_alive(
    clip: Path, make_tools: Callable[..., Context], plan: Plan
) -> None:
    def wait_until_extended() -> None:
        first = row(context.database, segment).lease_until
        wait_until(lambda: row(context.database, segment).lease_until != first)

    context = make_tools(Interrupted(wait_until_extended), lease_seconds=3)
    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    watch(segment, context)

    assert row(context.database, segment).state is State.DONE


def test_a_full_disk_costs_no_attempt_and_no_lease(
    clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan, tmp_path: Path
) -> None:
    (tmp_path / "full").touch()  # where the folder should be
    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    with pytest.raises(StoreUnavailable, match="picture folder"):
        watch(
            segment, make_tools(media=sealed(tmp_path / "full", context.database), lease_seconds=1)
        )

    after = row(context.database, segment)
    assert (after.state, after.attempts, after.asked_at) == (State.WAITING, 0, None)


def test_a_disk_that_was_full_for_a_while_costs_no_second_look(
    clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan, tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    full = tmp_path / "full"
    full.touch()
    ingest(clip, context, plan)
    segment = open_segments(context)[0]

    with once_it_is(lambda: waiting_is_logged(caplog), full.unlink):
        watch(segment, make_tools(media=sealed(full, context.database)))

    after = row(context.database, segment)
    assert (after.state, after.attempts) == (State.DONE, 1)


@pytest.mark.parametrize("when", ["at the beginning", "at the end"])
def test_a_database_that_was_away_for_a_while_costs_no_second_look(
    when: str, clip: Path, make_tools: Callable[..., Context], context: Context, plan: Plan,
    impatient: Engine, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    ingest(clip, context, plan)
    segment = open_segments(context)[0]
    with ExitStack() as outage:
        begin = partial(outage.enter_context, away(context.database.url))
        eyes = StubEngine() if when == "at the beginning" else Interrupted(once(begin))
        if when == "at the beginning":
            begin()

        with once_it_is(lambda: waiting_is_logged(caplog), outage.close):
            watch(segment, make_tools(eyes, database=impatient))

    after = row(context.database, segment)
    assert (after.state, after.attempts) == (State.DONE, 1)


def test_a_person_is_followed_over_borders_and_through_cuts(
    tmp_path: Path, context: Context, plan: Plan
) -> None:
    stays = [Stay(RED, 1, 5), Stay((30, 200, 30), 3, 9, x=190), Stay(RED, 8, 11.5)]
    clip = paint(tmp_path / "three.mp4", 12, *stays)

    found = find(clip, context, plan)

    with reading(context.database) as session:
        assert len(segment_rows(session, found)) >= 6
    seen = [(one["start_ms"], one["end_ms"]) for one in snapshot(context.database)["appearance"]]
    # One frame in 500 ms is looked at, so the last one that shows somebody is up to 500 ms early.
    assert seen == [(1000, 4500), (3000, 8500), (8000, 11000)]


def test_a_segment_ends_by_the_clock_of_its_context(
    make_tools: Callable[..., Context], plan: Plan, clip: Path
) -> None:
    then = utc_now() + timedelta(days=3)
    later = make_tools(clock=lambda: then)
    ingest(clip, later, plan)
    watch(open_segments(later)[0], later)
    with reading(later.database) as session:
        assert session.get_one(Segment, 1).finished_at == then


def test_a_heartbeat_that_cannot_be_written_is_only_logged(
    tmp_path: Path, make_tools: Callable[..., Context], caplog: pytest.LogCaptureFixture
) -> None:
    folder = connect(f"sqlite:///{tmp_path}")

    with Heartbeat(make_tools(database=folder, lease_seconds=1), 1, "me"):
        wait_until(lambda: caplog.records)

    folder.dispose()
    assert caplog.records[0].getMessage().startswith("heartbeat of segment 1 missed")
