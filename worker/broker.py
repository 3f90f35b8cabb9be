"""What is known of the broker: its queues, and whether it answers."""

from celery.exceptions import OperationalError as CeleryError
from kombu.exceptions import OperationalError

from worker.app import app


def work_queue() -> str:
    """The queue that segments are in."""
    return str(app.conf.task_default_queue)


def queues() -> tuple[str, ...]:
    """All queues that workers serve."""
    return tuple(app.conf.task_queues)


def connects() -> bool:
    """Whether the broker takes a connection; may wait as long as its sockets may."""
    try:
        with app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0.1)
    except (OperationalError, CeleryError, OSError):
        return False
    return True
