"""The broker, Redis or RabbitMQ: its queues, whether it answers, whether it keeps messages."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from amqp.exceptions import AMQPError
from celery.exceptions import OperationalError as CeleryError
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from errors import BrokerUnavailable
from settings import work_queue_of
from worker.app import app

CONNECT_SECONDS = 5.0
SAFE_POLICY = "noeviction"


def work_queue(site: str) -> str:
    """The queue that the segments of a site's footage are in."""
    return work_queue_of(site)


def queues() -> tuple[str, ...]:
    """All queues that workers serve."""
    return tuple(app.conf.task_queues)


def connects() -> bool:
    """Whether the broker takes a connection; may wait as long as its sockets may."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.1)
    except (OperationalError, CeleryError, AMQPError, OSError):
        return False
    return True


def is_rabbitmq(broker_url: str) -> bool:
    """Whether an address is RabbitMQ's; the others are Redis's."""
    return broker_url.startswith("amqp")


def reach(broker_url: str) -> str:
    """The address of a broker that takes our name and password, without the password.

    Raises BrokerUnavailable.
    """
    connection = Connection(broker_url, connect_timeout=CONNECT_SECONDS)  # type: ignore[no-untyped-call]
    with connection as broker:
        address = str(broker.as_uri())
        errors = (*broker.connection_errors, *broker.channel_errors, OperationalError, OSError)
        try:
            broker.connect()
        except errors as error:
            raise BrokerUnavailable(
                f"The broker at {address} does not answer, or does not know the password "
                f"({type(error).__name__}); check NIGHTREEL_BROKER_URL and that it runs."
            ) from error
    return address


def unsafe_settings(broker_url: str) -> Iterator[str]:
    """What in a Redis's own settings may lose messages, and what to do; a sentence each.

    RabbitMQ keeps durable queues whatever its settings are. Raises BrokerUnavailable.
    """
    if is_rabbitmq(broker_url):
        return
    reach(broker_url)
    with _client(broker_url) as client:
        try:
            (policy,) = client.config_get("maxmemory-policy").values()
            (append_only,) = client.config_get("appendonly").values()
        except redis.ResponseError:
            yield "Redis does not say how it is set up (CONFIG GET is refused); see the manual."
            return
    if policy != SAFE_POLICY:
        yield (
            f"maxmemory-policy is {policy}: a full Redis would throw the queue away; "
            f"set it to {SAFE_POLICY}."
        )
    if append_only != "yes":
        yield "appendonly is off: a Redis that is killed forgets its messages; set it to yes."


@contextmanager
def _client(broker_url: str) -> Iterator[redis.Redis]:
    client = redis.Redis.from_url(
        broker_url,
        decode_responses=True,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=CONNECT_SECONDS,
    )
    try:
        yield client
    finally:
        client.close()
