"""RabbitMQ and PostgreSQL instead of what is embedded, by settings alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from command_line import Nightreel, workers_running
from kombu import Connection
from rabbit import Rabbit
from sqlalchemy import update

from pipeline.clock import utc_now
from storage.database.database import connect, writing
from storage.tables import Segment

pytestmark = pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)


@pytest.fixture
def elsewhere(nightreel: Nightreel, rabbitmq_url: str, empty_url: str) -> Nightreel:
    """A home whose queue and database are servers."""
    return nightreel.with_settings(broker_url=rabbitmq_url, database_url=empty_url, lease_seconds=5)


def messages(rabbitmq_url: str) -> int:
    """How many wait to be worked on."""
    with Connection(rabbitmq_url) as connection:
        channel = connection.default_channel
        return int(channel.queue_declare("nightreel", passive=True).message_count)


def lose_messages(rabbitmq_url: str, empty_url: str) -> int:
    """Empty the queue, long after it was filled; returns how many were lost."""
    engine = connect(empty_url)
    with writing(engine) as session:
        session.execute(update(Segment).values(asked_at=utc_now() - timedelta(hours=1)))
    engine.dispose()
    with Connection(rabbitmq_url) as connection:
        return int(connection.default_channel.queue_purge("nightreel"))


def test_a_job_is_done_though_its_first_messages_were_lost(
    elsewhere: Nightreel, rabbitmq_url: str, empty_url: str, drawn_clip: Path, red: str
) -> None:
    assert elsewhere("ingest", drawn_clip).code == 0
    assert lose_messages(rabbitmq_url, empty_url) > 0

    with workers_running(elsewhere):
        done = elsewhere("process", drawn_clip, "--person", red, "--json")

    assert done.code == 0
    assert [one["person"] for one in done.document["candidates"]] == ["Red"]
    assert [one["state"] for one in done.document["recordings"]] == ["done"]


def test_messages_outlast_a_rabbitmq_that_is_killed(
    elsewhere: Nightreel, rabbit: Rabbit, rabbitmq_url: str, drawn_clip: Path
) -> None:
    assert elsewhere("ingest", drawn_clip).code == 0
    sent = messages(rabbitmq_url)

    rabbit.kill()
    rabbit.start()

    assert messages(rabbitmq_url) == sent > 0


def test_doctor_asks_for_no_redis(elsewhere: Nightreel, rabbitmq_url: str) -> None:
    found = {one["what"]: one for one in elsewhere("doctor", "--json").document}
    assert "queue server" not in found
    assert found["broker"]["well"]
    assert found["broker"]["detail"] == rabbitmq_url.replace("guest@", "**@")


def test_a_virtual_host_that_is_not_there_is_said_in_one_sentence(
    elsewhere: Nightreel, rabbitmq_url: str, drawn_clip: Path
) -> None:
    lost = elsewhere.with_settings(broker_url=f"{rabbitmq_url.rstrip('/')}/nowhere")
    added = lost("ingest", drawn_clip)
    assert added.code == 0
    assert added.said == [
        "No workers are running; the footage is queued until `nightreel up` runs."
    ]
