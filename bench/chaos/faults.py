"""The faults. Each strikes a running job once and returns when it was over."""

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import psutil

from bench.chaos.running import Running, kill_all, wait_until_gone, with_children
from bench.chaos.stores import PostgresStore, Store
from settings import Settings
from worker.redis_server import redis_client
from worker.services import MARGIN_SECONDS
from worker.stack_info import running as info_of

LOCKED_SECONDS = 20.0
LONGEST_AWAY_SECONDS = 10.0
FULL_SECONDS = (10.0, 20.0)
FILLER = "filler"


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a fault strikes."""

    running: Running
    store: Store
    random: Random
    pace: float = 1.0
    """Less than 1 shortens faults that last for a while."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What a fault did."""

    over_at: float
    """Time on the monotonic clock from which work could proceed."""
    killed: int = 0
    """Number of processes that were at work and were killed."""
    gone_seconds: float | None = None
    """How long a worker took to stop after it was told to."""
    complaint: str = ""
    """What was not as promised, in one sentence."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, and what its jobs need."""

    name: str
    runs: int
    """Number of faults in the long version."""
    strike: Callable[[Scene], Struck]
    database: str = ""
    """The only kind of database that it can strike; empty for any."""
    settings: dict[str, str] = field(default_factory=dict)
    on_small_disk: bool = False


def kill_worker_child(scene: Scene) -> Struck:
    """kill -9 of one of the worker's child processes."""
    children = scene.running.worker_children()
    chosen = scene.random.sample(children, k=min(1, len(children)))
    return _kill(chosen, at_work=len(chosen))


def kill_worker(scene: Scene) -> Struck:
    """kill -9 of the worker and all its child processes."""
    at_work = len(scene.running.worker_children())
    return _kill(with_children(scene.running.worker()), at_work)


def kill_stack(scene: Scene) -> Struck:
    """kill -9 of everything, then a restart."""
    at_work = len(scene.running.worker_children())
    struck_at = time.monotonic()
    scene.running.kill()
    scene.running.start()
    return Struck(struck_at, killed=at_work)


def kill_redis(scene: Scene) -> Struck:
    """kill -9 of the queue."""
    return _kill(with_children(scene.running.redis()))


def restart_redis(scene: Scene) -> Struck:
    """SIGTERM to the queue; supervisord restarts it."""
    server = scene.running.redis()
    struck_at = time.monotonic()
    if server is not None:
        server.terminate()
        server.wait(timeout=60)
    return Struck(struck_at)


def flush_redis(scene: Scene) -> Struck:
    """The queue loses every message."""
    struck_at = time.monotonic()
    if stack := info_of(scene.running.home):
        with redis_client(stack.broker_url) as connection:
            connection.flushall()
    return Struck(struck_at)


def restart_postgres(scene: Scene) -> Struck:
    """The server stops, in order or as in a crash, and stays down for up to ten seconds."""
    assert isinstance(scene.store, PostgresStore)
    away_seconds = scene.random.uniform(0, LONGEST_AWAY_SECONDS) * scene.pace
    scene.store.restart(scene.random.choice(("fast", "immediate")), away_seconds)
    return Struck(time.monotonic())


def lock_sqlite(scene: Scene) -> Struck:
    """Another program holds the database's write lock."""
    file = scene.running.home / "nightreel.db"
    how = scene.random.choice(("immediate", "exclusive"))
    with closing(sqlite3.connect(file, timeout=60, isolation_level=None)) as connection:
        connection.execute(f"begin {how}")
        time.sleep(LOCKED_SECONDS * scene.pace)
        connection.execute("rollback")
    return Struck(time.monotonic())


def fill_disk(scene: Scene) -> Struck:
    """The disk of the home folder is full; some time later there is space again."""
    filler = scene.running.home / FILLER
    _fill(filler)
    time.sleep(scene.random.uniform(*FULL_SECONDS) * scene.pace)
    status = scene.running.command("status")
    filler.unlink()
    clear = "Traceback" not in status.stderr and len(status.stderr.splitlines()) < 4
    complaint = "" if clear else f"`status` on a full disk said: {status.stderr[-300:]}"
    return Struck(time.monotonic(), complaint=complaint)


def terminate_worker(scene: Scene) -> Struck:
    """SIGTERM to the worker, which must end within `stop_seconds` and a margin."""
    main = scene.running.worker()
    if main is None:
        return Struck(time.monotonic())
    family, stop_seconds = with_children(main), _stop_seconds(scene.running)
    struck_at = time.monotonic()
    main.terminate()
    gone = wait_until_gone(family, timeout_seconds=stop_seconds + 2 * MARGIN_SECONDS)
    late = gone is None or gone > stop_seconds + MARGIN_SECONDS
    complaint = f"a worker took {gone} s to stop, asked for {stop_seconds}" if late else ""
    return Struck(struck_at, gone_seconds=gone, complaint=complaint)


def nothing(_: Scene) -> Struck:
    """No fault: measures how soon work proceeds in an undisturbed run."""
    return Struck(time.monotonic())


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("nothing", 10, nothing),
        Fault("child", 100, kill_worker_child),
        Fault("worker", 100, kill_worker),
        Fault("stack", 30, kill_stack),
        Fault("redis-kill", 10, kill_redis),
        Fault("redis-restart", 10, restart_redis),
        Fault("redis-flushall", 10, flush_redis),
        Fault("postgresql", 20, restart_postgres, database="postgresql"),
        Fault("sqlite", 20, lock_sqlite, database="sqlite"),
        Fault("disk", 10, fill_disk, database="sqlite", on_small_disk=True),
        Fault("sigterm", 50, terminate_worker),
        Fault("sigterm-short", 50, terminate_worker, settings={"NIGHTREEL_STOP_SECONDS": "1"}),
    )
}


def _kill(processes: list[psutil.Process], at_work: int = 0) -> Struck:
    struck_at = time.monotonic()
    kill_all(processes)
    return Struck(struck_at, killed=at_work)


def _stop_seconds(running: Running) -> float:
    default = Settings.model_fields["stop_seconds"].default
    return float(running.environment.get("NIGHTREEL_STOP_SECONDS", default))


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
