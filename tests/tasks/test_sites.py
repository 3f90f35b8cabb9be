"""Segments are asked for on the queue of the site where their footage lies."""

from pathlib import Path

import pytest
import redis
from sqlalchemy import Engine

from errors import WrongUsage
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from settings import Settings, load_settings, work_queue_of
from storage.database.database import writing
from storage.jobs.recordings import AS_USUAL, Request
from tasks.segments import analyse_segment, ask_for_waiting
from tasks.upkeep import tend_ledger
from worker.resources import resources


@pytest.fixture
def at_the_harbour(drawn_clip: Path, broker: redis.Redis) -> None:
    """A recording of two segments, asked for."""
    broker.flushall()
    mine, request = resources(), Request(site="harbour")
    ingest_file(drawn_clip, context=mine.context, plan=mine.plan, now=utc_now(), request=request)
    ask_for_waiting()


def lengths(broker: redis.Redis) -> list[int]:
    """Messages in the queues of the two sites."""
    return [int(broker.llen(f"nightreel:{work_queue_of(site)}")) for site in ("default", "harbour")]


def states(database: Engine) -> list[str]:
    with writing(database) as session:
        return [row[0] for row in session.connection().exec_driver_sql("select state from segment")]


@pytest.mark.usefixtures("at_the_harbour")
def test_only_workers_of_the_site_are_asked(broker: redis.Redis) -> None:
    assert lengths(broker) == [0, 2]


@pytest.mark.usefixtures("at_the_harbour")
def test_a_message_that_came_to_another_site_is_not_followed(database: Engine) -> None:
    analyse_segment(1)
    assert states(database) == ["waiting", "waiting"]


@pytest.mark.usefixtures("at_the_harbour")
def test_messages_that_one_site_lost_are_asked_for_again_there(
    broker: redis.Redis, database: Engine
) -> None:
    broker.flushall()
    with writing(database) as session:
        session.connection().exec_driver_sql("update segment set asked_at = '2026-01-01'")
    tend_ledger()
    assert lengths(broker) == [0, 2]


def test_the_site_of_workers_and_that_of_footage_are_the_same_unless_somebody_says_so() -> None:
    assert Settings().site_names == (AS_USUAL.site,)
    assert Settings(sites=" harbour, yard-2 ").site_names == ("harbour", "yard-2")


@pytest.mark.parametrize("sites", ["", "Harbour", "a b", "x" * 33, "a,-b"])
def test_a_site_has_a_plain_name(sites: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as environment:
        environment.setenv("NIGHTREEL_SITES", sites)
        with pytest.raises(WrongUsage, match="NIGHTREEL_SITES"):
            load_settings()
