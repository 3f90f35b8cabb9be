"""Puts tasks into the queue."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from amqp.exceptions import AMQPError
from celery import Task
from kombu.exceptions import OperationalError

from errors import BrokerUnavailable
from worker.app import app


def send(task: Task, ids: Sequence[int], queue: str | None = None) -> None:
    """Send one task per id over one connection; None means the task's usual queue.

    Raises BrokerUnavailable; tasks sent before stay sent, and sending twice does no harm.
    """
    with broker_errors_explained(), app.producer_or_acquire() as producer:
        for row_id in ids:
            task.apply_async((row_id,), producer=producer, queue=queue)


@contextmanager
def broker_errors_explained() -> Iterator[None]:
    """Turn errors of Redis and RabbitMQ into BrokerUnavailable."""
    try:
        yield
    except (OperationalError, AMQPError, OSError) as error:
        raise BrokerUnavailable(
            "The queue does not answer; check that `nightreel up` or the broker is running. "
            "Committed work is queued again when it is."
        ) from error
