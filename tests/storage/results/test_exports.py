"""What is taken elsewhere, read row by row from both databases."""

import numpy as np
import pytest
from rows import NOW, PLAN, TERMS, add_reference, found, presence, reference, segments
from sqlalchemy import Engine

from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.jobs.recordings import Request, add
from storage.results.candidates import candidates
from storage.results.exports import each_appearance, each_candidate, recordings_called
from storage.results.ranking import Match, replace_candidates
from storage.vectors.appearances import replace_appearances
from storage.vectors.embeddings import keep_vectors
from storage.vectors.models import Choice, choose

GATE, YARD = 1, 2  # recordings; the yard's is footage of the case
ALL = 1500  # more than one reading's worth


@pytest.fixture
def store(database: Engine) -> Engine:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        person = add_person(session, case_id=case.id, name="Ada", now=NOW)
        photo = add_reference(session, person, reference())
        gate = add(session, found(), segments=segments(), now=NOW, **PLAN)
        crowd = [presence(4000 * number) for number in range(ALL)]
        ids = replace_appearances(session, gate.analysis_id, crowd)
        film, of_case = found("b" * 64, "/footage/yard.mp4"), Request(case_id=case.id)
        yard = add(session, film, segments=segments(), now=NOW, request=of_case, **PLAN)
        ids += replace_appearances(session, yard.analysis_id, [presence(colour=0.5)])
        matches = [Match(person, id, photo, id / 10_000, 0.6) for id in ids]
        replace_candidates(session, reference_ids=[photo], appearance_ids=ids, matches=matches)
    return database


def test_every_appearance_is_read_once_and_in_order(store: Engine) -> None:
    with reading(store) as session:
        rows = list(each_appearance(session))
    begins = [(row.seen.recording, row.seen.start_ms) for row in rows]
    assert begins == [*(("gate.mp4", 4000 * number) for number in range(ALL)), ("yard.mp4", 0)]


def test_an_appearance_says_where_and_how_it_was_seen(store: Engine) -> None:
    with reading(store) as session:
        (row,) = each_appearance(session, recording_ids=[YARD])
    assert (row.seen.recording_sha256, row.engine, row.seen.plan) == (
        "b" * 64,
        "stub",
        PLAN["plan_key"],
    )
    seen = row.seen
    assert (seen.start_ms, seen.end_ms, seen.best_ms, seen.faces) == (0, 2000, 500, 4)
    assert (seen.box, seen.score, seen.quality) == ((10.5, 20.0, 80.0, 96.0), 0.9, 0.7)
    assert seen.crops == presence().crops


def test_vectors_are_read_only_where_they_are_asked_for(store: Engine) -> None:
    with reading(store) as session:
        (without,) = each_appearance(session, case_id=1)
        (row,) = each_appearance(session, case_id=1, with_vectors=True)
    assert without.vector is None
    assert row.vector is not None
    assert np.array_equal(row.vector, presence(colour=0.5).vector)


def test_what_several_engines_have_seen_is_one_row_or_one_for_each_vector(store: Engine) -> None:
    other = np.full(6, 0.5, np.float32)
    with writing(store) as session:
        keep_vectors(session, [ALL + 1], [other], engine="stub:3", weights_sha256="w" * 64)
    with reading(store) as session:
        without = list(each_appearance(session, case_id=1))
        rows = list(each_appearance(session, case_id=1, with_vectors=True))
        found = list(each_candidate(session, case_id=1, recording_ids=[YARD]))
    assert [row.engine for row in without] == ["stub"]
    assert [row.engine for row in rows] == ["stub", "stub:3"]
    assert [row.seen.start_ms for row in rows] == [0, 0]
    assert rows[1].vector is not None
    assert np.array_equal(rows[1].vector, other)
    assert [row.engine for row in found] == ["stub"]


def test_candidates_are_those_of_the_engine_in_use_and_say_so(store: Engine) -> None:
    with writing(store) as session:
        photo = add_reference(session, 1, reference(engine="stub:3", vector=np.ones(6, np.float32)))
        matches = [Match(1, ALL + 1, photo, 0.1, 0.6)]
        replace_candidates(
            session, reference_ids=[photo], appearance_ids=[ALL + 1], matches=matches
        )
        before = [row.engine for row in each_candidate(session, case_id=1, recording_ids=[YARD])]
        choose(session, Choice("stub:3", "tried", "uid:1", NOW))
        after = [row.engine for row in each_candidate(session, case_id=1)]
    assert (sorted(before), after) == (["stub", "stub:3"], ["stub:3"])


def test_the_appearances_of_a_case_are_those_in_its_footage(store: Engine) -> None:
    with reading(store) as session:
        assert [row.seen.recording for row in each_appearance(session, case_id=1)] == ["yard.mp4"]
        assert not list(each_appearance(session, case_id=2))
        assert not list(each_appearance(session, case_id=1, recording_ids=[GATE]))


def test_candidates_are_read_as_they_are_listed(store: Engine) -> None:
    with reading(store) as session:
        assert list(each_candidate(session, case_id=1)) == candidates(session, case_id=1)
        (in_the_yard,) = each_candidate(session, case_id=1, recording_ids=[YARD])
        assert in_the_yard.seen.recording == "yard.mp4"
        assert not list(each_candidate(session, case_id=2))


def test_a_recording_is_found_by_its_name_or_its_bytes(store: Engine) -> None:
    with reading(store) as session:
        assert recordings_called(session, "gate.mp4") == [GATE]
        assert recordings_called(session, "b" * 64) == [YARD]
        assert recordings_called(session, "cellar.mp4") == []
