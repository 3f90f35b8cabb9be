"""`python -m worker.serve worker PROCESSES LEVEL`, `beat SCHEDULE LEVEL` or `flower CONFIGURATION`.

The same as `celery worker`, `celery beat` and `celery flower`, but without unused imports: Celery's
command line (a shell, a completer, Flower) takes as long to import as the rest of a worker, and
beat and Flower need only the names of the tasks.
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
"""Beat and Flower yield to the workers, above all while all of them start."""


def serve_tasks(app: Celery, processes: str, log_level: str) -> int:
    """Run a worker until told to stop; returns the exit code. Raises WrongUsage."""
    log_json_lines(level_number(log_level))  # Celery logs warnings before it calls `setup_logging`
    worker = app.Worker(
        concurrency=whole_number(processes),
        loglevel=log_level,
        quiet=True,
        without_mingle=True,  # mingling asks other workers for revoked tasks, and waits a second
        without_gossip=True,
    )
    os.environ.pop("_MP_FORK_LOGLEVEL_", None)  # with it, child processes log in billiard's format
    worker.start()
    return int(worker.exitcode or 0)


def keep_time(app: Celery, schedule: str, log_level: str) -> int:
    """Send the periodic tasks until told to stop. Raises WrongUsage.

    `SCHEDULE.alive` is touched for each task, even if the broker does not accept it. The schedule
    itself is no sign of life: some of Python's dbm modules write to it only when they close it.
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
    """Run a service until told to stop; returns its exit code.

    Raises WrongUsage, also for an unusable setting.
    """
    if service not in SERVICES:
        raise WrongUsage(f"There is no service {service!r}; usage: python -m {USAGE}")
    check(SERVICES[service], [service, *arguments], USAGE)
    from worker.app import app  # reads the settings

    return SERVICES[service](app, *arguments)


if __name__ == "__main__":  # the worker's child processes import this module again
    run_service(main, USAGE)
