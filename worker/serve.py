"""`python -m worker.serve worker PROCESSES LEVEL`, `beat SCHEDULE LEVEL` or `flower CONFIGURATION`.

The same as `celery worker`, `celery beat` and `celery flower`, but nothing is imported that is not
used: Celery's command line (a shell, a completer, Flower) takes as long as the rest of a worker,
and beat and Flower know the tasks by name.
"""

import logging
import os
import sys
from collections.abc import Callable

from worker.app import app
from worker.entrance import run_service
from worker.logs import log_json_lines

NICENESS = 10
"""Whoever keeps time and shows the queue lets the work go first, above all while both start."""


def serve_tasks(processes: str, log_level: str) -> int:
    """Work until told to stop; returns the exit code."""
    log_json_lines(logging.getLevelNamesMapping()[log_level])  # Celery warns before it asks for it
    worker = app.Worker(
        concurrency=int(processes),
        loglevel=log_level,
        quiet=True,
        without_mingle=True,  # asks other workers what was revoked, and waits a second for answers
        without_gossip=True,
    )
    os.environ.pop("_MP_FORK_LOGLEVEL_", None)  # by which its processes would log as billiard does
    worker.start()
    return int(worker.exitcode or 0)


def keep_time(schedule: str, log_level: str) -> int:
    """Send the periodic tasks until told to stop."""
    os.nice(NICENESS)
    app.conf.imports = ("worker.signals",)
    app.Beat(schedule=schedule, loglevel=log_level, quiet=True).run()
    return 0


def show_queue(configuration: str) -> int:
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

if __name__ == "__main__":  # the worker's own processes import this module again
    service, *arguments = sys.argv[1:]
    run_service(SERVICES[service], *arguments)
