"""A worker with the project's configuration, and small tasks that record what happened to them.

`LAB_WITHOUT` names settings that are left at Celery's default, `LAB_WITH` gives others a value;
both accept Celery's settings and the options of its transport.
"""

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from celery.app.defaults import DEFAULTS

from worker.app import app

LOCK = threading.Lock()
"""Like a lock that torch's threads hold: a process forked meanwhile never gets it."""


def change_settings(without: list[str], given: dict[str, Any]) -> None:
    """Leave settings at Celery's default, or give them another value."""
    options = dict(app.conf.broker_transport_options)
    for name in without:
        if options.pop(name, None) is None:
            app.conf[name] = DEFAULTS[name]
    for name, value in given.items():
        (app.conf if name in DEFAULTS else options)[name] = value
    app.conf.broker_transport_options = options


app.conf.imports = ("worker.signals",)  # the project's own tasks would only take time to load
change_settings(
    json.loads(os.environ.get("LAB_WITHOUT", "[]")), json.loads(os.environ.get("LAB_WITH", "{}"))
)


def tell(diary: str, word: object) -> None:
    """Record one word."""
    with Path(diary).open("a") as file:
        print(word, file=file, flush=True)


@app.task(name="lab.nap")
def nap(seconds: float, diary: str) -> None:
    """Sleep for some time."""
    tell(diary, "began")
    time.sleep(seconds)
    tell(diary, "ended")


def _die_once(diary: str) -> None:
    first = not Path(diary).exists()
    tell(diary, "began")
    if first:
        os.kill(os.getpid(), signal.SIGKILL)
    tell(diary, "ended")


die_once = app.task(_die_once, name="lab.die_once")
die_once_acked_early = app.task(_die_once, name="lab.die_once_acked_early", acks_late=False)
die_once_not_rejected = app.task(
    _die_once, name="lab.die_once_not_rejected", reject_on_worker_lost=False
)


@app.task(name="lab.take_lock")
def take_lock(diary: str) -> None:
    """Try to get the lock that the parent's thread holds."""
    tell(diary, "works" if LOCK.acquire(timeout=0.1) else "hangs")


@app.task(name="lab.grow")
def grow(megabytes: int, diary: str) -> None:
    """Use that much memory briefly, and record which process did."""
    _ = b"written" * (megabytes * 150_000)
    tell(diary, os.getpid())


def _answer() -> int:
    return 42


answer = app.task(_answer, name="lab.answer")
kept_answer = app.task(_answer, name="lab.kept_answer", ignore_result=False)


@app.task(name="lab.watch")
def watch(database_url: str, segment_id: int, seconds: float, diary: str) -> None:
    """Hold a segment's lease for some time, then finish it, as `pipeline.analysis.watch` does."""
    from footage.coverage import Coverage  # imported late: most tests have no database to wait for
    from pipeline.clock import utc_now
    from storage.database.database import connect, writing
    from storage.jobs import ledger

    database, owner = connect(database_url), f"{os.getpid()} at {time.monotonic()}"
    with writing(database) as session:
        claimed = ledger.claim(session, segment_id, owner, 60, utc_now())
    tell(diary, "claimed" if claimed else "refused")
    if claimed:
        time.sleep(seconds)
        with writing(database) as session:
            ledger.finish(session, segment_id, owner, Coverage(900, 30, 10_000, ()), [], utc_now())
        tell(diary, "finished")
    database.dispose()


if __name__ == "__main__":
    LOCK.acquire()
    app.Worker(
        concurrency=int(os.environ.get("LAB_PROCESSES", "1")),
        quiet=True,
        without_mingle=True,
        without_gossip=True,
        loglevel="INFO",
    ).start()
