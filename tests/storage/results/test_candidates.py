"""Candidates: recomputed freely, ranked for each person, and never lost to a late result."""

import threading

import pytest
from rows import NOW, PLAN, TERMS, add_reference, found, presence, reference, segments
from sqlalchemy import Engine
from sqlmodel import Session, select

from storage import tables
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.jobs.recordings import add
from storage.results.candidates import candidates
from storage.results.ranking import Match, replace_candidates
from storage.results.seen import seen_by_id
from storage.results.verdicts import Key
from storage.vectors.appearances import replace_appearances

ADA, GRACE = 1, 2
PASSPORT, BADGE, PORTRAIT = 1, 2, 3  # Ada has two photos, Grace has one
FIRST, SECOND, THIRD = 1, 2, 3  # appearances, all in one recording


@pytest.fixture
def store(database: Engine) -> Engine:
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        for name in ("Ada", "Grace"):
            add_person(session, case_id=case.id, name=name, now=NOW)
        add_reference(session, ADA, reference("passport.jpg"))
        add_reference(session, ADA, reference("badge.jpg"))
        add_reference(session, GRACE, reference("portrait.jpg"))
        analysis = add(session, found(), segments=segments(), now=NOW, **PLAN)
        seen = [presence(start_ms) for start_ms in (0, 4_000, 8_000)]
        replace_appearances(session, analysis.analysis_id, seen)
    return database


def match(appearance: int, distance: float, reference: int = PASSPORT) -> Match:
    person = GRACE if reference == PORTRAIT else ADA
    return Match(person, appearance, reference, distance, 0.6)


def store_matches(
    session: Session,
    *matches: Match,
    references: tuple[int, ...] = (PASSPORT, BADGE, PORTRAIT),
    appearances: tuple[int, ...] = (FIRST, SECOND, THIRD),
) -> None:
    replace_candidates(
        session, reference_ids=references, appearance_ids=appearances, matches=matches
    )


def stored(session: Session) -> list[tuple[str, int, int, float]]:
    """Person, rank, appearance, distance."""
    return [
        (row.person, row.rank, row.seen.appearance_id, row.distance) for row in candidates(session)
    ]


def test_candidates_are_ranked_for_each_person(store: Engine) -> None:
    with writing(store) as session:
        store_matches(
            session,
            match(FIRST, 0.5),
            match(SECOND, 0.3),
            match(THIRD, 0.4, PORTRAIT),
            match(THIRD, 0.5),
        )
        assert stored(session) == [
            ("Ada", 1, SECOND, 0.3),
            ("Ada", 2, FIRST, 0.5),
            ("Ada", 3, THIRD, 0.5),
            ("Grace", 1, THIRD, 0.4),
        ]


def test_candidates_stored_twice_equal_candidates_stored_once(store: Engine) -> None:
    def rows(session: Session) -> list[dict[str, object]]:
        return [row.model_dump() for row in session.exec(select(tables.Candidate))]

    matches = [match(FIRST, 0.5), match(SECOND, 0.3)]
    with writing(store) as session:
        store_matches(session, *matches)
    with reading(store) as session:
        once = rows(session)
    with writing(store) as session:
        store_matches(session, *matches)
        assert rows(session) == once


def test_what_is_not_found_again_goes_and_ranks_close_up(store: Engine) -> None:
    with writing(store) as session:
        store_matches(session, match(FIRST, 0.2), match(SECOND, 0.3), match(THIRD, 0.4))
        store_matches(session, match(SECOND, 0.3), match(THIRD, 0.25))
        assert stored(session) == [("Ada", 1, THIRD, 0.25), ("Ada", 2, SECOND, 0.3)]


def test_another_recordings_candidates_are_ranked_among_those_there_are(store: Engine) -> None:
    with writing(store) as session:
        store_matches(session, match(FIRST, 0.4), appearances=(FIRST,))
        store_matches(session, match(SECOND, 0.3), appearances=(SECOND, THIRD))
        assert stored(session) == [("Ada", 1, SECOND, 0.3), ("Ada", 2, FIRST, 0.4)]


def test_a_late_result_with_fewer_photos_does_not_push_out_a_closer_one(store: Engine) -> None:
    with writing(store) as session:
        store_matches(session, match(FIRST, 0.2, BADGE), references=(PASSPORT, BADGE))
        store_matches(session, match(FIRST, 0.5), references=(PASSPORT,))
        assert stored(session) == [("Ada", 1, FIRST, 0.2)]
        store_matches(session, references=(PASSPORT,))
        assert stored(session) == [("Ada", 1, FIRST, 0.2)]
        store_matches(session, match(FIRST, 0.1), references=(PASSPORT,))
        assert stored(session) == [("Ada", 1, FIRST, 0.1)]


def test_a_late_result_about_something_that_is_gone_is_passed_over(store: Engine) -> None:
    with writing(store) as session:
        replace_appearances(session, 1, [presence(0), presence(4_000)])
        session.delete(session.get_one(tables.Reference, BADGE))
        session.flush()
        store_matches(session, match(THIRD, 0.1), match(SECOND, 0.1, BADGE), match(FIRST, 0.3))
        assert stored(session) == [("Ada", 1, FIRST, 0.3)]


def test_distances_of_different_engines_are_ranked_apart(store: Engine) -> None:
    with writing(store) as session:
        other = {"plan_key": "f" * 16, "plan_body": '{"engine": "dlib"}'}
        analysis = add(session, found(), segments=[], now=NOW, **other)
        (fourth,) = replace_appearances(session, analysis.analysis_id, [presence()])
        theirs = add_reference(session, ADA, reference("passport.jpg", engine="dlib"))
        store_matches(session, match(FIRST, 0.5))
        replace_candidates(
            session,
            reference_ids=[theirs],
            appearance_ids=[fourth],
            matches=[Match(ADA, fourth, theirs, 0.9, 1.0)],
        )
        assert [(row.engine, row.rank) for row in candidates(session)] == [("dlib", 1), ("stub", 1)]


def test_a_candidate_is_told_with_all_a_reader_needs(store: Engine) -> None:
    with writing(store) as session:
        store_matches(session, match(SECOND, 0.3, BADGE))
    with reading(store) as session:
        (row,) = candidates(session)
    photo = reference("badge.jpg")
    assert (row.case, row.person_id, row.person) == ("A-1", ADA, "Ada")
    assert (row.reference_id, row.reference) == (BADGE, "badge.jpg")
    assert (row.reference_sha256, row.reference_crop) == (photo.photo_sha256, photo.crop)
    assert (row.distance, row.threshold, row.rank, row.engine) == (0.3, 0.6, 1, "stub")
    assert row.key == Key(ADA, SECOND)


def test_what_was_seen_is_told_with_all_a_reader_needs(store: Engine) -> None:
    with reading(store) as session:
        seen = seen_by_id(session, [SECOND])[SECOND]
    told = {
        "appearance_id": SECOND,
        "analysis_id": 1,
        "plan": PLAN["plan_key"],
        "recording_id": 1,
        "recording": "gate.mp4",
        "recording_sha256": "a" * 64,
        "recording_ms": 30_000,
        "start_ms": 4_000,
        "end_ms": 6_000,
        "best_ms": 4_500,
        "box": (10.5, 20.0, 80.0, 96.0),
        "score": 0.9,
        "quality": 0.7,
        "faces": 4,
        "crops": presence(4_000).crops,
    }
    assert {name: getattr(seen, name) for name in told} == told
    assert seen.pixels == (10, 20, 80, 96)
    assert seen.provenance == ""


def test_candidates_are_listed_by_case_and_by_analysis(store: Engine) -> None:
    with writing(store) as session:
        store_matches(session, match(FIRST, 0.2), match(SECOND, 0.3))
    with reading(store) as session:
        assert len(candidates(session, case_id=1, analysis_ids=[1])) == 2
        assert candidates(session, case_id=2) == []
        assert candidates(session, analysis_ids=[2]) == []
        assert [row.rank for row in candidates(session, limit=1)] == [1]


def test_two_who_match_for_the_same_person_at_once_leave_whole_ranks(store: Engine) -> None:
    def work(appearance: int) -> None:
        with writing(store) as session:
            store_matches(session, match(appearance, appearance / 10), appearances=(appearance,))

    workers = [threading.Thread(target=work, args=(one,)) for one in (FIRST, SECOND, THIRD)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    with reading(store) as session:
        assert [(rank, one) for _, rank, one, _ in stored(session)] == [(1, 1), (2, 2), (3, 3)]


def test_equal_distances_are_ranked_by_what_was_seen_not_by_what_was_processed_first(
    store: Engine,
) -> None:
    with writing(store) as session:
        earlier_sha = add(session, found("0" * 64), segments=segments(), now=NOW, **PLAN)
        (processed_last,) = replace_appearances(session, earlier_sha.analysis_id, [presence(0)])
        everything = (FIRST, SECOND, THIRD, processed_last)
        matches = [match(appearance, 0.5) for appearance in everything]
        store_matches(session, *matches, appearances=everything)
        ranks = {row.seen.appearance_id: row.rank for row in candidates(session)}
    assert ranks == {processed_last: 1, FIRST: 2, SECOND: 3, THIRD: 4}
