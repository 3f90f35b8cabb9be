"""Every task twice equals once; ids only on the wire; what was lost is asked for again."""

import base64
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from callers import caller
from painted import RED, paint_photo
from snapshots import WHEN_ASKED, snapshot
from sqlalchemy import Engine

from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.people.enrol import enrol_person
from pipeline.planning.windows import Windows
from storage.cases import case_terms
from storage.database.database import reading, writing
from storage.jobs import ledger, reaper
from storage.jobs.dispatcher import mark_asked, ready_to_match, undispatched
from storage.jobs.progress import outcomes
from storage.results.candidates import candidates
from storage.results.comparisons import stale
from storage.tables import State
from tasks import recovery
from tasks.analyses import ask_for_matching, match_analysis
from tasks.canary import ask_every_queue
from tasks.people import ask_for_people, match_person
from tasks.segments import analyse_segment, ask_for_segments
from tasks.upkeep import ASKED_LONG_AGO, tend_ledger
from worker import registry
from worker.app import app
from worker.resources import resources

REGISTER = """
import sys
from pathlib import Path
from worker.registry import register
print(register(Path(sys.argv[1])))
"""
SEGMENT, ANALYSIS, PERSON = (
    "tasks.segments.analyse_segment",
    "tasks.analyses.match_analysis",
    "tasks.people.match_person",
)


@pytest.fixture
def segments(drawn_clip: Path) -> list[int]:
    """A recording was added; its segments, nobody asked for yet."""
    mine = resources()
    ingest_file(drawn_clip, context=mine.context, plan=mine.plan, now=utc_now())
    with reading(mine.database) as session:
        return undispatched(session)


@pytest.fixture
def red(tmp_path: Path) -> int:
    """A person was enrolled."""
    mine, now = resources(), utc_now()
    with writing(mine.database) as session:
        case = case_terms.open_case(
            session,
            reference="2026-1",
            legal_basis="witness-search",
            purpose="a test",
            requested_by="an officer",
            sources=["*"],
            expires_at=now + timedelta(days=1),
            now=now,
        )
    photo = paint_photo(tmp_path / "secret-photo.png", RED)
    return enrol_person(
        caller(mine.database),
        case.id,
        "Secret Name",
        [photo],
        engine=mine.photo_engine(),
        context=mine.context,
    ).person_id


def messages(broker: redis.Redis, *queues: str) -> list[bytes]:
    """The messages that wait in these queues, or for segments and matches, as Redis has them."""
    names = queues or ("matching", "nightreel")
    return [message for name in names for message in broker.lrange(f"nightreel:{name}", 0, -1)]


def asked_for(broker: redis.Redis) -> list[tuple[str, Any]]:
    """What the waiting messages ask for, the first first: name of the task and its arguments."""
    found = [json.loads(message) for message in reversed(messages(broker))]
    return [(one["headers"]["task"], json.loads(base64.b64decode(one["body"]))[0]) for one in found]


def test_the_whole_way_by_tasks(
    segments: list[int], red: int, broker: redis.Redis, database: Engine
) -> None:
    for segment in segments:
        analyse_segment(segment)
    assert asked_for(broker) == [(ANALYSIS, [1])]
    match_analysis(1)
    match_person(red)

    with reading(database) as session:
        assert outcomes(session, [1])[0].state is State.DONE
        found = candidates(session, case_id=1)
        assert list(stale(session, utc_now())) == []
    assert [(one.seen.start_ms, one.seen.end_ms) for one in found] == [(1000, 19500)]


def test_every_task_twice_equals_once(
    segments: list[int], red: int, broker: redis.Redis, database: Engine
) -> None:
    steps = [
        *((analyse_segment, segment) for segment in segments),
        (match_analysis, 1),
        (match_person, red),
    ]
    for task, argument in steps:
        task(argument)
        once = snapshot(database, without=WHEN_ASKED)
        task(argument)
        assert snapshot(database, without=WHEN_ASKED) == once
    assert len(once["candidate"]) == 1
    assert len(messages(broker)) == 1


def test_upkeep_twice_equals_once(
    segments: list[int], red: int, broker: redis.Redis, database: Engine
) -> None:
    tend_ledger()
    once, asked = snapshot(database, without=WHEN_ASKED), asked_for(broker)
    assert asked == [*((SEGMENT, [segment]) for segment in segments), (PERSON, [red])]

    tend_ledger()

    assert snapshot(database, without=WHEN_ASKED) == once
    assert asked_for(broker) == asked


def test_tasks_for_rows_that_are_gone_end_quietly(broker: redis.Redis, database: Engine) -> None:
    empty = snapshot(database)

    analyse_segment(77)
    match_analysis(77)
    match_person(77)

    assert snapshot(database) == empty
    assert messages(broker) == []


def test_only_ids_are_on_the_wire(segments: list[int], red: int, broker: redis.Redis) -> None:
    ask_for_segments(segments)
    ask_for_matching([1])
    ask_for_people([red])

    assert len(messages(broker)) == len(segments) + 2
    for message in messages(broker):
        envelope = json.loads(message)
        arguments, keywords, _ = json.loads(base64.b64decode(envelope["body"]))
        assert [type(argument) for argument in arguments] == [int]
        assert keywords == {}
        assert envelope["content-type"] == "application/json"
        assert b"ecret" not in message + base64.b64decode(envelope["body"])


def test_no_task_returns_anything(segments: list[int], red: int, broker: redis.Redis) -> None:
    assert [analyse_segment(segment) for segment in segments] == [None] * len(segments)
    assert (match_analysis(1), match_person(red), tend_ledger()) == (None, None, None)
    assert broker.keys("*celery-task-meta*") == []


def test_what_redis_lost_is_asked_for_again(
    segments: list[int], broker: redis.Redis, database: Engine
) -> None:
    ask_for_segments(segments)
    with writing(database) as session:
        mark_asked(session, segments, utc_now() - 2 * ASKED_LONG_AGO)
    broker.flushall()

    tend_ledger()

    assert asked_for(broker) == [(SEGMENT, [segment]) for segment in segments]


def test_what_was_asked_for_just_now_is_left_alone(
    segments: list[int], broker: redis.Redis
) -> None:
    ask_for_segments(segments)
    broker.flushall()

    tend_ledger()

    assert messages(broker) == []


def test_while_messages_wait_nothing_is_asked_for_twice(
    segments: list[int], red: int, broker: redis.Redis, database: Engine
) -> None:
    ask_for_segments(segments)
    ask_for_people([red])
    with writing(database) as session:
        mark_asked(session, segments, utc_now() - 2 * ASKED_LONG_AGO)
    waiting = messages(broker)

    tend_ledger()

    assert messages(broker) == waiting


def test_a_segment_whose_worker_fell_silent_is_asked_for_again(
    segments: list[int], broker: redis.Redis, database: Engine
) -> None:
    ask_for_segments(segments)
    with writing(database) as session:
        ledger.claim(session, segments[0], "silent", 1, utc_now() - timedelta(minutes=5))
    broker.flushall()

    tend_ledger()

    assert asked_for(broker) == [(SEGMENT, [segments[0]])]


def test_an_overtaken_segment_is_asked_for_again(
    segments: list[int], broker: redis.Redis, database: Engine
) -> None:
    first, second = segments
    with writing(database) as session:
        ledger.claim(session, second, "died", 60, utc_now())
        reaper.abandoned(session, ["died"])

    analyse_segment(first)

    assert asked_for(broker) == [(SEGMENT, [first])]
    assert [row["state"] for row in snapshot(database)["segment"]] == [State.WAITING, State.DONE]


def test_what_a_dead_process_held_is_taken_back_at_once(
    segments: list[int], broker: redis.Redis, database: Engine
) -> None:
    folder = resources().registry_folder
    done = subprocess.run(
        [sys.executable, "-c", REGISTER, str(folder)], capture_output=True, text=True, check=True
    )
    alive = registry.register(folder)
    with writing(database) as session:
        ledger.claim(session, segments[0], f"{done.stdout.strip()}.1", 3600, utc_now())
        ledger.claim(session, segments[1], f"{alive}.1", 3600, utc_now())

    recovery.go_on()

    assert asked_for(broker) == [(SEGMENT, [segments[0]])]
    assert registry.registered(folder) == {alive}


def test_work_is_begun_only_inside_its_window(
    segments: list[int], broker: redis.Redis, database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_hour_from_now = (utc_now() + timedelta(hours=1)).strftime("%H:00")
    later = (utc_now() + timedelta(hours=2)).strftime("%H:00")
    closed = Windows.parse(f"{an_hour_from_now}-{later}", "UTC")
    monkeypatch.setitem(vars(resources()), "windows", closed)

    analyse_segment(segments[0])
    tend_ledger()

    assert asked_for(broker) == []
    assert [row["attempts"] for row in snapshot(database)["segment"]] == [0, 0]


def test_matching_does_not_wait_behind_segments() -> None:
    queues = list(app.conf.task_queues)
    assert queues.index("matching") < queues.index("nightreel")
    assert app.amqp.router.route({}, ANALYSIS)["queue"].name == "matching"
    assert app.amqp.router.route({}, PERSON)["queue"].name == "matching"


def test_a_canary_comes_to_every_queue_when_the_stack_starts(broker: redis.Redis) -> None:
    ask_every_queue()
    assert [len(messages(broker, queue)) for queue in app.conf.task_queues] == [1, 1, 1]


def test_a_match_nobody_was_asked_for_is_asked_for(
    segments: list[int], broker: redis.Redis, database: Engine
) -> None:
    for segment in segments:
        analyse_segment(segment)
    with reading(database) as session:
        assert ready_to_match(session, asked_before=utc_now()) == [1]
    broker.flushall()
    with writing(database) as session:
        session.connection().exec_driver_sql("update analysis set match_asked_at = null")

    tend_ledger()

    assert asked_for(broker) == [(ANALYSIS, [1])]
