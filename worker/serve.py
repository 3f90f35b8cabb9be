"""`python -m worker.serve worker PROCESSES LEVEL`, `beat SCHEDULE LEVEL` or `flower CONFIGURATION`.

The same as `celery worker`, `celery beat` and `celery flower`, but nothing is imported that is not
used: Celery's command line (a shell, a completer, Flower) takes as long as the rest of a worker,
and beat and Flower know the tasks by name.
"""

import os
from collections.abc import Callable
from pathlib import Path

from celery import Celery
from celery.signals import before_task_publish

from errors import WrongUsage
from worker.entrance import check, level_number, run_service, whole_number
from worker.logs import log_json_lines

NICENESS = 10
"""Whoever keeps time and shows the queue lets the work go first, above all while both start."""


def serve_tasks(app: Celery, processes: str, log_level: str) -> int:
    """Work until told to stop; returns the exit code."""
    log_json_lines(level_number(log_level))  # Celery warns before it asks for it
    worker = app.Worker(
        concurrency=whole_number(processes),
        loglevel=log_level,
        quiet=True,
        without_mingle=True,  # asks other workers what was revoked, and waits a second for answers
        without_gossip=True,
    )
    os.environ.pop("_MP_FORK_LOGLEVEL_", None)  # by which its processes would log as billiard does
    worker.start()
    return int(worker.exitcode or 0)


def keep_time(app: Celery, schedule: str, log_level: str) -> int:
    """Send the periodic tasks until told to stop.

    `SCHEDULE.alive` is touched at each, whether or not the broker takes it. The schedule itself is
    no sign of life: some of Python's dbm modules write nothing to it until they close it.
    """
    level_number(log_level)
    os.nice(NICENESS)
    alive = Path(f"{schedule}.alive")
    before_task_publish.connect(lambda **_: alive.touch(), weak=False)
    app.conf.imports = ("worker.signals",)
    app.Beat(schedule=schedule, loglevel=log_level, quiet=True).run()
    return 0


def show_queue(app: Celery, configuration: str) -> int:
    """Serve Flower's page until told to stop."""
    os.nice(NICENESS)
    app.conf.imports = ()
    app.start(["--quiet", "flower", f"--conf={configuration}"])
    return 0


SERVICES: dict[str, Callable[..., int]] = {
    "worker": serve_tasks,
    "beat": keep_time,
    "flower": show_queue,
}

USAGE = "worker.serve worker PROCESSES LEVEL | beat SCHEDULE LEVEL | flower CONFIGURATION"


def main(service: str, *arguments: str) -> int:
    """Run a service until told to stop. Raises WrongUsage, for a setting too."""
    if service not in SERVICES:
        raise WrongUsage(f"There is no service {service!r}; usage: python -m {USAGE}")
    check(SERVICES[service], [service, *arguments], USAGE)
    from worker.app import app  # reads the settings

    return SERVICES[service](app, *arguments)


if __name__ == "__main__":  # the worker's own processes import this module again
    run_service(main, USAGE)
