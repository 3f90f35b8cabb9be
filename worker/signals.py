"""Handlers of Celery's signals: logs, threads, and a stop that releases work. Loaded by Celery."""

import ctypes
import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress

import structlog
from celery import Task, current_app
from celery.signals import (
    celeryd_init,
    setup_logging,
    task_postrun,
    task_prerun,
    worker_ready,
    worker_shutdown,
    worker_shutting_down,
)
from celery.worker.consumer import Consumer

from worker.logs import log_json_lines


def one_thread_a_process(**_: object) -> None:
    """Limit each process to one thread, because there is one process per core.

    The child processes inherit this before they import torch.
    """
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(variable, "1")


def write_json_lines(loglevel: int, **_: object) -> None:
    """Set up the logs instead of Celery."""
    log_json_lines(loglevel)


def say_which_limits_hold(sender: Consumer, **_: object) -> None:
    """Log the limits. Workers that share a broker must agree on them: the shortest visibility
    timeout wins."""
    conf = sender.app.conf
    structlog.get_logger(__name__).info(
        "limits",
        broker=sender.connection.transport.driver_type,
        # The connection's own value. RabbitMQ has none; there the server's `consumer_timeout` is.
        visibility_timeout_seconds=getattr(
            sender.task_consumer.channel, "visibility_timeout", None
        ),
        time_limit_seconds=conf.task_time_limit,
        stop_seconds=conf.stop_seconds,
    )


def report_being_alive(sender: Consumer, **_: object) -> None:
    """Report to the database until shutdown that this worker is alive."""
    from worker.reporting import Reporting  # beat loads this module too, and needs no database

    reporting = Reporting(sender.controller.concurrency)
    reporting.start()
    worker_shutdown.connect(lambda **_: reporting.stop(), weak=False)


def name_the_task(task_id: str, task: Task, args: Sequence[object], **_: object) -> None:
    """Add the task and its row ids (its only arguments) to every line that it logs."""
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id, ids=list(args))


def forget_the_task(**_: object) -> None:
    """Stop adding the task to log lines."""
    structlog.contextvars.clear_contextvars()


def give_memory_back(**_: object) -> None:
    """Return memory that a task freed to the system. glibc would keep it between live blocks, and a
    process would seem to grow as long as it works. Does nothing with other C libraries."""
    with suppress(AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def release_in_time(how: str, **_: object) -> None:
    """After SIGTERM Celery waits for the running tasks without a limit. So after `stop_seconds`
    send SIGQUIT, on which it ends them and puts their messages back at the head of the queue."""
    if how == "Warm":
        timer = threading.Timer(
            current_app.conf.stop_seconds, os.kill, (os.getpid(), signal.SIGQUIT)
        )
        timer.daemon = True
        timer.start()


celeryd_init.connect(one_thread_a_process)
setup_logging.connect(write_json_lines)
worker_ready.connect(say_which_limits_hold)
worker_ready.connect(report_being_alive)
task_prerun.connect(name_the_task)
task_postrun.connect(forget_the_task)
task_postrun.connect(give_memory_back)
worker_shutting_down.connect(release_in_time)
