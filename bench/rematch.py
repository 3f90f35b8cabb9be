"""Measures comparison runs over an archive: `python -m bench.rematch [APPEARANCES] [PEOPLE]`.

On SQLite. Vectors are random, except those of `EACH` appearances per person, which are close. Times
are for the whole step, from reading the photos to the commit of the changes.
"""

import hashlib
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np

from bench.vectors import fill
from faces.engines.registry import DLIB
from faces.vectors import Vectors, unit
from pipeline.act import Caller
from pipeline.analysis.rematch import match_people
from pipeline.clock import utc_now
from pipeline.people.withdraw import withdraw
from settings import Settings
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.cases.references import NewReference, add_reference
from storage.database.database import Engine, writing
from storage.results.rematches import WORKER, Cause, ask
from worker.resources import Resources

EACH = 200
"""Appearances that are close to each person."""
NOISE = 0.02
"""Noise of each number; unit vectors of 128 numbers are then about 0.3 apart, within the threshold
of 0.4."""


def main(appearances: str = "1000000", people: str = "100") -> None:
    """Print a table of how long each step took."""
    number, persons = int(appearances), int(people)
    random = np.random.default_rng(20261125)
    faces = unit(random.standard_normal((persons, DLIB.dimension), np.float32))
    with tempfile.TemporaryDirectory() as home:
        mine = Resources(Settings(home=Path(home)))
        fill(mine.database, _vectors(number, faces, random))
        case_id = _open(mine.database)
        ids = _enrol(mine, case_id, faces, random, "a")
        print(f"| {persons} people, {number} appearances, SQLite | seconds |\n| --- | --- |")
        _timed("one person, the first of all", lambda: match_people(ids[:1], mine.context))
        _timed("all, everything new", lambda: match_people(ids, mine.context))
        _timed("all again, nothing new", lambda: match_people(ids, mine.context))
        _enrol(mine, case_id, faces, random, "b")
        _timed("all, another photo each", lambda: match_people(ids, mine.context))
        for name in range(persons):
            asks = Caller(mine.database, "worker", utc_now())
            withdraw(asks, case_id, str(name), "a")
        _timed("all, the first photo withdrawn", lambda: match_people(ids, mine.context))


def _timed(what: str, step: Callable[[], None]) -> None:
    began = time.perf_counter()
    step()
    print(f"| {what} | {time.perf_counter() - began:.1f} |", flush=True)


def _vectors(number: int, faces: Vectors, random: np.random.Generator) -> Vectors:
    vectors = random.standard_normal((number, DLIB.dimension), np.float32)
    close = min(EACH * len(faces), number)
    vectors[:close] = np.resize(faces, (close, DLIB.dimension)) + NOISE * vectors[:close]
    return unit(random.permutation(vectors))


def _open(database: Engine) -> int:
    now = utc_now()
    with writing(database) as session:
        return open_case(
            session, reference="bench", legal_basis="legacy", purpose="measuring",
            requested_by="bench", sources=["*"], expires_at=now + timedelta(days=1), now=now,
        ).id  # fmt: skip


def _enrol(
    mine: Resources, case_id: int, faces: Vectors, random: np.random.Generator, photo: str
) -> list[int]:
    now = utc_now()
    noise = NOISE * random.standard_normal(faces.shape, np.float32)
    with writing(mine.database) as session:
        ids = [
            add_person(session, case_id=case_id, name=str(name), now=now)
            for name in range(len(faces))
        ]
        for person, vector in zip(ids, faces + noise, strict=True):
            reference = _reference(_digest(f"{photo}{person}"), photo, vector)
            add_reference(session, person, reference, keys=mine.media.keys)
            ask(session, person, engine=DLIB.name, cause=Cause.ADDED, actor=WORKER, now=now)
    return ids


def _digest(word: str) -> str:
    return hashlib.sha256(word.encode()).hexdigest()


def _reference(sha256: str, name: str, vector: Vectors) -> NewReference:
    return NewReference(
        photo_sha256=sha256, photo_name=name, engine=DLIB.name, weights_sha256="0" * 64,
        verdict="good", vector=vector, crop=None, quality=1.0,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
