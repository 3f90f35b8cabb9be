"""Appearances: the same stored twice are there once, and their ids outlive a second look."""

from dataclasses import replace

import numpy as np
import pytest
from rows import NOW, PLAN, appearance_vectors, found, presence, segments
from sqlalchemy import Engine
from sqlalchemy.exc import StatementError
from sqlmodel import select

from storage import tables
from storage.database.database import reading, writing
from storage.jobs.recordings import add
from storage.vectors.appearances import replace_appearances, replace_sightings, sightings
from storage.vectors.embeddings import keep_vectors

OTHER_ENGINE = {"plan_key": "fedcba9876543210", "plan_body": '{"engine": "dlib"}'}


@pytest.fixture
def analysis_id(database: Engine) -> int:
    with writing(database) as session:
        return add(session, found(), segments=segments(), now=NOW, **PLAN).analysis_id


def test_sightings_come_in_the_order_of_time(database: Engine, analysis_id: int) -> None:
    with writing(database) as session:
        replace_sightings(session, 2, [presence(10_000)])
        replace_sightings(session, 1, [presence(3_000), presence(8_000)])
    with reading(database) as session:
        order = [(index, seen.start_ms) for index, seen in sightings(session, analysis_id)]
    assert order == [(0, 3_000), (0, 8_000), (1, 10_000)]


@pytest.mark.parametrize("number", [0, 2, 60])  # many go into PostgreSQL another way
def test_appearances_stored_twice_equal_appearances_stored_once(
    database: Engine, analysis_id: int, number: int
) -> None:
    joined = [presence(5_000 * place, colour=place) for place in range(number)]
    stored = []
    for _ in range(2):
        with writing(database) as session:
            ids = replace_appearances(session, analysis_id, joined, weights_sha256="w" * 64)
            assert list(session.exec(select(tables.Appearance.id).order_by("ordinal"))) == ids
        stored.append(everything(database))
    assert stored[0] == stored[1]
    assert [row["start_ms"] for row in stored[0][0]] == [one.start_ms for one in joined]
    assert len(stored[0][1]) == number


def everything(database: Engine) -> list[list[dict[str, object]]]:
    """The rows of both tables, vectors as bytes."""
    with reading(database) as session:
        rows = [
            [
                row.model_dump()
                for row in session.exec(select(table).order_by(*table.__table__.primary_key))
            ]
            for table in (tables.Appearance, tables.Embedding)
        ]
    for row in rows[1]:
        row["vector"] = row["vector"].tobytes()
    return rows


def test_of_many_appearances_those_that_changed_and_those_that_came_are_stored(
    database: Engine, analysis_id: int
) -> None:
    first = [presence(10 * place, colour=place) for place in range(80)]
    later = [presence(5), *(replace(one, quality=0.2) for one in first[:60])]
    for joined in (first, later):
        with writing(database) as session:
            replace_appearances(session, analysis_id, joined)
    rows, vectors = everything(database)
    assert {(row["start_ms"], row["quality"]) for row in rows} == {
        (one.start_ms, one.quality) for one in later
    }
    assert [row["vector"] for row in vectors] == [
        later[row["ordinal"]].vector.tobytes() for row in rows
    ]


def ids_by_start(database: Engine) -> dict[int, int]:
    with reading(database) as session:
        rows = session.exec(select(tables.Appearance).order_by("ordinal")).all()
    return {row.start_ms: row.id for row in rows}


def test_an_id_goes_on_with_what_it_meant_wherever_that_comes_in_the_order(
    database: Engine, analysis_id: int
) -> None:
    def store(*starts: int) -> dict[int, int]:
        with writing(database) as session:
            replace_appearances(session, analysis_id, [presence(start) for start in starts])
        return ids_by_start(database)

    first = store(0, 5_000)
    between = store(0, 3_000, 5_000)
    assert list(between) == [0, 3_000, 5_000]
    assert {start: between[start] for start in first} == first
    fewer = store(5_000)
    assert fewer == {5_000: first[5_000]}
    others = store(1, 2)
    assert list(others) == [1, 2]
    known = {*first.values(), *between.values()}
    assert not known & set(others.values()), "the id of something that is gone is never used again"


def test_vectors_of_one_engine_come_as_a_matrix_with_their_ids(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        other = add(session, found(), segments=[], now=NOW, **OTHER_ENGINE)
        replace_appearances(session, other.analysis_id, [presence(colour=9)])
        ids = replace_appearances(
            session, analysis_id, [presence(colour=colour) for colour in (1, 2, 3)]
        )
    with reading(database) as session:
        found_ids, vectors = appearance_vectors(session, engine="stub")
        none = appearance_vectors(session, engine="nobody's")
    assert found_ids == ids
    assert (vectors.shape, vectors.dtype) == ((3, 8), np.float32)
    assert list(vectors[:, 0]) == [1, 2, 3]
    assert none[0] == []
    assert none[1].shape == (0, 0)


@pytest.mark.parametrize(
    "vector",
    [
        np.array([1.0, np.nan], np.float32),
        np.array([[1.0, 2.0]], np.float32),
        np.array([], np.float32),
    ],
)
def test_a_vector_that_is_none_is_refused_without_showing_it(
    database: Engine, analysis_id: int, vector: np.ndarray
) -> None:
    broken = replace(presence(), vector=vector)
    refusal = pytest.raises((StatementError, ValueError), match="not a finite vector")
    with refusal as refused, writing(database) as session:
        replace_appearances(session, analysis_id, [broken])
    assert "nan" not in str(refused.value)


def engines(database: Engine) -> dict[str, list[int]]:
    """The appearances that each engine has seen."""
    with reading(database) as session:
        return {name: appearance_vectors(session, engine=name)[0] for name in ("stub", "dlib")}


def test_an_appearance_has_a_vector_for_every_engine_that_saw_it(
    database: Engine, analysis_id: int
) -> None:
    theirs = np.ones((2, 128), np.float32)
    for _ in range(2):
        with writing(database) as session:
            ids = replace_appearances(session, analysis_id, [presence(0), presence(5_000)])
            keep_vectors(session, ids, theirs, engine="dlib", weights_sha256="w" * 64)
    assert engines(database) == {"stub": ids, "dlib": ids}
    with reading(database) as session:
        assert np.array_equal(appearance_vectors(session, engine="dlib")[1], theirs)


def test_what_another_engine_made_of_something_else_goes(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        first, second = replace_appearances(session, analysis_id, [presence(0), presence(5_000)])
        theirs = np.ones((2, 128), np.float32)
        keep_vectors(session, [first, second], theirs, engine="dlib", weights_sha256=None)
        replace_appearances(session, analysis_id, [presence(0), presence(5_000, colour=-1)])
    assert engines(database) == {"stub": [first, second], "dlib": [first]}


def test_the_vectors_of_an_appearance_go_with_it(database: Engine, analysis_id: int) -> None:
    with writing(database) as session:
        ids = replace_appearances(session, analysis_id, [presence(0), presence(5_000)])
        keep_vectors(session, ids, np.ones((2, 4), np.float32), engine="dlib", weights_sha256=None)
        replace_appearances(session, analysis_id, [presence(0)])
    assert engines(database) == {"stub": ids[:1], "dlib": ids[:1]}


def test_vectors_and_pictures_stay_out_of_what_is_printed(
    database: Engine, analysis_id: int
) -> None:
    with writing(database) as session:
        replace_appearances(session, analysis_id, [presence(colour=0.777)])
        rows = [
            session.exec(select(table)).one() for table in (tables.Appearance, tables.Embedding)
        ]
        shown = repr(rows)
    assert "start_ms" in shown
    assert "777" not in shown
    assert ".jpg" not in shown


@pytest.mark.parametrize("dimension", [1, 128, 512, 4096])
def test_a_vector_comes_back_bit_for_bit(
    database: Engine, analysis_id: int, dimension: int
) -> None:
    vector = np.random.default_rng(7).normal(size=dimension).astype(np.float32)
    with writing(database) as session:
        replace_appearances(session, analysis_id, [replace(presence(), vector=vector)])
    with reading(database) as session:
        (_, stored) = appearance_vectors(session, engine="stub")
    assert stored.tobytes() == vector.tobytes()
