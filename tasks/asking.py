"""Putting tasks in the queue."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from amqp.exceptions import AMQPError
from celery import Task
from kombu.exceptions import OperationalError

from errors import BrokerUnavailable
from worker.app import app


def send(task: Task, ids: Sequence[int], queue: str | None = None) -> None:
    """Ask for one task an id, over one connection; None means the task's usual queue.

    Raises BrokerUnavailable; what was sent before stays sent, and sending twice does no harm.
    """
    with broker_errors_explained(), app.producer_or_acquire() as producer:
        for one in ids:
            task.apply_async((one,), producer=producer, queue=queue)


@contextmanager
def broker_errors_explained() -> Iterator[None]:
    """Turn what Redis or RabbitMQ say into BrokerUnavailable."""
    try:
        yield
    except (OperationalError, AMQPError, OSError) as error:
        raise BrokerUnavailable(
            "The queue does not answer; check that `nightreel up` or the broker is running. "
            "What was committed is asked for again when it is."
        ) from error
