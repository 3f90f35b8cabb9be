"""Measures broker and ledger with 1,000 workers: `python -m bench.ledger [SEGMENTS] [WORKERS]`.

Every simulated worker takes a message from a queue in Redis over its own connection, claims the
segment, renews the lease once, finishes the segment with one sighting through `storage.jobs.ledger`
as `pipeline.analysis.watch` does, and acknowledges the message; nothing is decoded. One in a
hundred dies while it holds a segment and a message. Segments of dead workers are reclaimed and
queued again until none is left; then every row is counted, on SQLite and on PostgreSQL.
"""

import multiprocessing
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from kombu.connection import Connection
from sqlmodel import col, func, select

from bench.chaos.stores import PostgresStore, SqliteStore, Store
from errors import StoreUnavailable
from faces.face import Box
from footage.coverage import Coverage
from footage.recording import Recording
from footage.segments import Segment
from pipeline.clock import utc_now
from storage import tables
from storage.database.database import Engine, connect, reading, upgrade, writing
from storage.jobs import ledger, reaper
from storage.jobs.dispatcher import undispatched
from storage.jobs.recordings import Found, add
from storage.tables import State
from storage.vectors.appearances import Presence
from worker.redis_server import answers, on_socket, redis_configuration, socket_url
from worker.redis_versions import find_redis_server
from worker.sockets import make_place

SEGMENTS_A_RECORDING = 60
PROCESSES = 4
LEASE_SECONDS = 60
QUEUE = "segments"
DEATHS = 0.01
COLUMNS = (
    "database", "segments a second", "processor, ms a segment", "claim p50 / p95, ms",
    "finish p50 / p95, ms", "died", "refused", "lost", "twice",
)  # fmt: skip
COVERAGE = Coverage(900, 120, 60_000, ())


@dataclass(slots=True)
class Tally:
    """The counts of one process of workers."""

    finished: int = 0
    died: int = 0
    refused: int = 0
    """How often the database was too busy, so that the worker retried."""
    processor_seconds: float = 0.0
    claim_seconds: list[float] = field(default_factory=list)
    finish_seconds: list[float] = field(default_factory=list)


def main(segments: int = 6000, workers: int = 1000) -> None:
    """Print a Markdown table: rates, waits, and what was lost."""
    print(f"{segments} segments, {workers} workers in {PROCESSES} processes, "
          f"load {os.getloadavg()[0]:.0f} before\n")  # fmt: skip
    print(f"| {' | '.join(COLUMNS)} |\n{'| --- ' * len(COLUMNS)}|")
    with tempfile.TemporaryDirectory() as folder:
        for name, kind in (("SQLite", SqliteStore), ("PostgreSQL", PostgresStore)):
            store = kind(Path(folder))
            try:
                with _redis(Path(folder)) as broker:
                    row = _measure(store, broker, segments, workers)
                print(f"| {name} | {row} |", flush=True)
            finally:
                store.close()


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    """A Redis configured as the embedded one; yields its address."""
    socket = make_place(folder)
    configuration = redis_configuration(".", "secret", on_socket(socket))
    (folder / "redis.conf").write_text(configuration)
    command = [find_redis_server().path, "redis.conf", "--appendonly", "no"]
    server = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    url = socket_url(socket, "secret")
    try:
        while not answers(url):
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait()


def _measure(store: Store, broker: str, segments: int, workers: int) -> str:
    _fill(store.model_url, segments)
    seconds, tallies = _work_off(store.model_url, broker, workers)
    lost, twice = _audit(store.model_url)
    finished = sum(tally.finished for tally in tallies)
    claims = [seconds for tally in tallies for seconds in tally.claim_seconds]
    finishes = [seconds for tally in tallies for seconds in tally.finish_seconds]
    cells = [
        f"{finished / seconds:.0f}",
        f"{1000 * sum(tally.processor_seconds for tally in tallies) / finished:.1f}",
        _quantiles(claims), _quantiles(finishes),
        sum(tally.died for tally in tallies), sum(tally.refused for tally in tallies), lost, twice,
    ]  # fmt: skip
    return " | ".join(map(str, cells))


def _quantiles(seconds: Sequence[float]) -> str:
    p50, p95 = np.quantile(seconds, [0.5, 0.95]) * 1000
    return f"{p50:.0f} / {p95:.0f}"


def _fill(url: str, segments: int) -> None:
    engine = connect(url)
    upgrade(engine)
    for number in range(segments // SEGMENTS_A_RECORDING):
        with writing(engine) as session:
            add(
                session, _found(number), plan_key="bench", plan_body='{"engine": "stub"}',
                segments=_segments(), now=utc_now(),
            )  # fmt: skip
    engine.dispose()


def _found(number: int) -> Found:
    recording = Recording(
        path=f"/footage/{number}.mp4", size_bytes=1, codec="h264", width=1920, height=1080,
        rotation=0, pixel_format="yuv420p", frame_rate=None, time_base=Fraction(1, 90000),
        start_us=0, duration_claimed_ms=None, duration_ms=SEGMENTS_A_RECORDING * 60_000, packets=1,
    )  # fmt: skip
    return Found(f"{number:064x}", f"{number}.mp4", 0, recording)


def _segments() -> list[Segment]:
    return [
        Segment(n, n * 60_000, (n + 1) * 60_000, None, None) for n in range(SEGMENTS_A_RECORDING)
    ]


def _work_off(url: str, broker: str, workers: int) -> tuple[float, list[Tally]]:
    """Seconds of work without the start of the processes, and the counts of each process."""
    seconds, tallies = 0.0, list[Tally]()
    engine = connect(url)
    while waiting := _waiting(url):
        context = multiprocessing.get_context("spawn")
        gate, done = context.Barrier(PROCESSES + 1), context.SimpleQueue()
        _ask(broker, waiting)
        arguments = (url, broker, workers // PROCESSES, gate, done)
        processes = [context.Process(target=_run, args=arguments) for _ in range(PROCESSES)]
        for process in processes:
            process.start()
        gate.wait()
        begun = time.monotonic()
        tallies += [done.get() for _ in processes]
        seconds += time.monotonic() - begun
        for process in processes:
            process.join()
        with writing(engine) as session:  # as if their leases had run out
            reaper.expired(session, utc_now() + timedelta(seconds=2 * LEASE_SECONDS))
    engine.dispose()
    return seconds, tallies


def _waiting(url: str) -> list[int]:
    engine = connect(url)
    with reading(engine) as session:
        segments = undispatched(session, limit=1_000_000)
    engine.dispose()
    return segments


@contextmanager
def _queue(broker: str) -> Iterator[Any]:
    with (
        Connection(broker) as connection,  # type: ignore[no-untyped-call]
        closing(connection.SimpleQueue(QUEUE)) as queue,
    ):
        yield queue


def _ask(broker: str, segment_ids: Sequence[int]) -> None:
    with _queue(broker) as queue:
        queue.clear()  # what the dead had been asked for
        for segment_id in segment_ids:
            queue.put(segment_id)


def _run(url: str, broker: str, workers: int, gate: Any, done: Any) -> None:
    """One process of workers."""
    engine, tally = connect(url), Tally()
    threads = [threading.Thread(target=_work, args=(engine, broker, tally)) for _ in range(workers)]
    gate.wait()
    before = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tally.processor_seconds = time.process_time() - before
    done.put(tally)
    engine.dispose()


def _work(engine: Engine, broker: str, tally: Tally) -> None:
    """One worker, until its queue is empty."""
    with _queue(broker) as queue:
        while True:
            try:
                message = queue.get(block=False)
            except queue.Empty:
                return
            try:
                if _do(engine, message.payload, tally):
                    message.ack()
            except StoreUnavailable:
                tally.refused += 1
                message.requeue()


def _do(engine: Engine, segment_id: int, tally: Tally) -> bool:
    """Process one segment; False if the worker dies of it."""
    owner = f"{os.getpid()}.{threading.get_ident()}.{random.random()}"
    begun = time.monotonic()
    with writing(engine) as session:
        claimed = ledger.claim(session, segment_id, owner, LEASE_SECONDS, utc_now())
    claimed_at = time.monotonic()
    if claimed is None:  # it was claimed before the database refused something else
        return True
    tally.claim_seconds.append(claimed_at - begun)
    if random.random() < DEATHS:
        tally.died += 1
        return False
    with writing(engine) as session:
        ledger.heartbeat(session, segment_id, owner, LEASE_SECONDS, utc_now())
    begun = time.monotonic()
    with writing(engine) as session:
        ledger.finish(session, segment_id, owner, COVERAGE, [_presence()], utc_now())
    tally.finish_seconds.append(time.monotonic() - begun)
    tally.finished += 1
    return True


def _presence() -> Presence:
    vector = np.ones(128, np.float32) / np.sqrt(np.float32(128))
    return Presence(0, 2000, 500, Box(1, 2, 80, 96), 0.9, 0.7, 4, vector, ("0" * 64 + ".jpg",))


def _audit(url: str) -> tuple[int, int]:
    """Number of segments that did not end, and of sightings that exist more than once."""
    engine = connect(url)
    with reading(engine) as session:
        ended = col(tables.Segment.state) == State.DONE
        lost = session.exec(select(func.count()).where(~ended)).one()
        done = session.exec(select(func.count()).where(ended)).one()
        sightings = session.exec(select(func.count(col(tables.Sighting.id)))).one()
    engine.dispose()
    return lost, sightings - done


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
