"""A search while others delete, look again and embed again: whole answers, each of one moment."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from rows import NOW, PLAN, found, presence, segments
from sqlalchemy import Engine
from sqlmodel import Session

from faces.engines.stub import StubEngine
from storage.cases.scope import EVERYWHERE
from storage.database.database import reading, writing
from storage.jobs.control import forget
from storage.jobs.recordings import add
from storage.vectors.appearances import replace_appearances
from storage.vectors.embeddings import keep_vectors
from storage.vectors.nearest import nearest

CARD = replace(StubEngine().card, dimension=8, threshold=2.0)
FACES = np.random.default_rng(9).normal(size=(40, 8)).astype(np.float32)
RECORDINGS = 8


@pytest.fixture
def recordings(database: Engine) -> list[set[int]]:
    """The appearances of each."""
    with writing(database) as session:
        return [set(_shown(session, number)) for number in range(RECORDINGS)]


def _shown(session: Session, number: int) -> list[int]:
    known = add(session, found(f"{number:064}"), segments=segments(1), now=NOW, **PLAN)
    some = FACES[5 * number : 5 * number + 5]
    seen = [replace(presence(3_000 * n), vector=v) for n, v in enumerate(some)]
    return replace_appearances(session, known.analysis_id, seen)


def search(database: Engine) -> set[int]:
    with reading(database) as session:
        near = nearest(session, FACES[:1], card=CARD, scope=EVERYWHERE, limit=1000)
    return {one.appearance_id for one in near}


def answers_during(database: Engine, work: Callable[[], None]) -> list[set[int]]:
    worker = threading.Thread(target=work)
    answers = [search(database)]
    worker.start()
    while worker.is_alive():
        answers.append(search(database))
    worker.join()
    return [*answers, search(database)]


def test_a_purge_takes_whole_recordings_out_of_the_answers(
    database: Engine, recordings: list[set[int]]
) -> None:
    def purge() -> None:
        for number in range(1, RECORDINGS):
            with writing(database) as session:
                forget(session, [number])

    answers = answers_during(database, purge)
    for answer in answers:
        assert all(not (answer & one) or one <= answer for one in recordings)
    assert all(later <= earlier for earlier, later in itertools.pairwise(answers))
    assert answers[-1] == recordings[-1]


def test_vectors_of_a_new_model_do_not_get_into_the_answers(
    database: Engine, recordings: list[set[int]]
) -> None:
    def migrate() -> None:
        for one in recordings:
            with writing(database) as session:
                theirs = np.ones((len(one), 16), np.float32)
                keep_vectors(session, sorted(one), theirs, engine="new", weights_sha256=None)

    everybody = set().union(*recordings)
    assert all(answer == everybody for answer in answers_during(database, migrate))


def test_footage_that_is_looked_at_again_is_never_missing(
    database: Engine, recordings: list[set[int]]
) -> None:
    def again() -> None:
        for number in range(RECORDINGS):
            with writing(database) as session:
                _shown(session, number)

    everybody = set().union(*recordings)
    assert all(answer == everybody for answer in answers_during(database, again))
