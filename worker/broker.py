"""The broker, Redis or RabbitMQ: its queues, and whether it responds."""

from amqp.exceptions import AMQPError
from celery.exceptions import OperationalError as CeleryError
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from errors import BrokerUnavailable
from settings import work_queue_of
from worker.app import app

CONNECT_SECONDS = 5.0


def work_queue(site: str) -> str:
    """Name of the queue for the segments of a site's footage."""
    return work_queue_of(site)


def queues() -> tuple[str, ...]:
    """Names of all queues that workers serve."""
    return tuple(app.conf.task_queues)


def connects() -> bool:
    """Whether the broker accepts a connection; may block until the socket timeout."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.1)
    except (OperationalError, CeleryError, AMQPError, OSError):
        return False
    return True


def is_rabbitmq(broker_url: str) -> bool:
    """Whether a broker address is RabbitMQ's; all others are Redis's."""
    return broker_url.startswith("amqp")


def reach(broker_url: str) -> str:
    """Connect to a broker; returns its address without the password.

    Raises BrokerUnavailable if it does not respond or rejects our user name and password.
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
