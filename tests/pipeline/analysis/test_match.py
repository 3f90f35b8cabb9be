from datetime import timedelta
from pathlib import Path

import pytest
from painted import BLUE, GREEN, RED, Stay, paint, paint_photo
from snapshots import WHEN_ASKED, snapshot
from sqlmodel import select
from steps import enrol, find, ingest, open_case, outcome, watch_all

from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_people, match_person
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.plan import Plan
from pipeline.tools import Tools
from storage.cases import case_terms
from storage.cases.gallery import unmatched_people
from storage.cases.references import references
from storage.cases.sealed_vectors import ALTERED
from storage.database.database import reading, writing
from storage.jobs.recordings import Request
from storage.results.candidates import CandidateRow, candidates
from storage.tables import Reference, State


@pytest.fixture
def red_photo(tmp_path: Path) -> Path:
    return paint_photo(tmp_path / "red.png", RED)


def found(tools: Tools, case: str = "2026-1") -> list[CandidateRow]:
    """The candidates of a case, by rank."""
    with reading(tools.database) as session:
        return candidates(session, case=case)


def times(tools: Tools, case: str = "2026-1") -> list[tuple[int, int]]:
    """From when to when the candidates of a case are on the picture, in order of time."""
    return sorted((one.seen.start_ms, one.seen.end_ms) for one in found(tools, case))


def test_matching_twice_equals_once(clip: Path, red_photo: Path, tools: Tools, plan: Plan) -> None:
    red = enrol("Red", [red_photo], open_case(tools), tools, plan).person_id
    analysis_id = find(clip, tools, plan)
    match_person(red, tools)
    once = snapshot(tools.database, without=WHEN_ASKED)
    assert len(once["candidate"]) == 1

    match_analysis(analysis_id, tools)
    match_person(red, tools)

    assert snapshot(tools.database, without=WHEN_ASKED) == once


def test_who_leaves_and_returns_is_two_appearances(
    tmp_path: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(tools), tools, plan)
    clip = paint(tmp_path / "twice.mp4", 12, Stay(RED, 1, 4), Stay(RED, 8, 11))

    find(clip, tools, plan)

    assert times(tools) == [(1000, 3500), (8000, 10500)]
    assert [one.rank for one in found(tools)] == [1, 2]


def test_a_short_look_away_is_one_appearance(
    tmp_path: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(tools), tools, plan)
    clip = paint(tmp_path / "away.mp4", 8, Stay(RED, 1, 3.5), Stay(RED, 4.5, 7))

    find(clip, tools, plan)

    assert times(tools) == [(1000, 6500)]


def test_only_the_person_looked_for_is_a_candidate(
    tmp_path: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(tools), tools, plan)
    stays = [Stay(GREEN, 0, 6, x=190), Stay(RED, 2, 4), Stay(BLUE, 4, 6)]

    analysis_id = find(paint(tmp_path / "three.mp4", 6, *stays), tools, plan)

    assert outcome(analysis_id, tools).appearances == 3
    assert times(tools) == [(2000, 3500)]


def test_who_is_enrolled_afterwards_finds_the_same(
    clip: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    case_id = open_case(tools)
    find(clip, tools, plan)
    assert found(tools) == []

    red = enrol("Red", [red_photo], case_id, tools, plan).person_id
    match_person(red, tools)

    assert times(tools) == [(1000, 4500)]
    with reading(tools.database) as session:
        assert unmatched_people(session, now=utc_now()) == []


def test_footage_without_anybody_ends_well(
    tmp_path: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(tools), tools, plan)

    analysis_id = find(paint(tmp_path / "nobody.mp4", 3), tools, plan)

    assert outcome(analysis_id, tools).state is State.DONE
    assert outcome(analysis_id, tools).decoded_ms == 3000
    assert found(tools) == []


def test_nobody_is_searched_for_without_a_case_in_force(
    clip: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    red = enrol("Red", [red_photo], open_case(tools), tools, plan).person_id
    with writing(tools.database) as session:
        case_terms.close_case(session, "2026-1", utc_now() - timedelta(seconds=1))

    find(clip, tools, plan)
    match_person(red, tools)

    assert found(tools) == []


def test_each_case_sees_its_own_candidates_only(
    clip: Path, tmp_path: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(tools, "red"), tools, plan)
    blue = paint_photo(tmp_path / "blue.png", BLUE)
    enrol("Blue", [blue], open_case(tools, "blue"), tools, plan)

    find(clip, tools, plan)

    assert (len(found(tools, "red")), len(found(tools, "blue"))) == (1, 0)


def test_an_analysis_that_is_still_watched_is_not_ended_by_a_match(
    clip: Path, tools: Tools, plan: Plan
) -> None:
    analysis_id = ingest(clip, tools, plan).analysis_id

    match_analysis(analysis_id, tools)
    assert outcome(analysis_id, tools).state is State.WAITING

    watch_all(tools)
    match_analysis(analysis_id, tools)
    assert outcome(analysis_id, tools).state is State.DONE


def test_footage_that_a_case_gets_later_is_compared_though_it_was_watched_before(
    clip: Path, red_photo: Path, tools: Tools, plan: Plan
) -> None:
    find(clip, tools, plan)
    case = open_case(tools)
    red = enrol("Red", [red_photo], case, tools, plan).person_id
    match_person(red, tools)

    ingest_file(clip, tools=tools, plan=plan, now=utc_now(), request=Request(case_id=case))

    with reading(tools.database) as session:
        assert unmatched_people(session, now=utc_now()) == [red]


@pytest.mark.parametrize("by", ["the analysis", "the person"])
def test_a_photo_that_was_altered_finds_nobody_and_stops_nobody(
    clip: Path, red_photo: Path, tools: Tools, plan: Plan, by: str
) -> None:
    case_id = open_case(tools)
    if by == "the person":
        find(clip, tools, plan)
    odd = paint_photo(red_photo.with_name("orange.png"), (200, 60, 30))
    altered = enrol("Altered", [red_photo], case_id, tools, plan).person_id
    whole = enrol("Whole", [odd], case_id, tools, plan).person_id
    with writing(tools.database) as session:
        row = session.exec(select(Reference).filter_by(person_id=altered)).one()
        row.sealed_vector = bytes(len(row.sealed_vector or b""))
    if by == "the person":
        match_people([altered, whole], tools)
    else:
        find(clip, tools, plan)
    assert [one.person_id for one in found(tools)] == [whole]
    with reading(tools.database) as session:
        (photo,) = references(session, altered)
        assert photo.verdict == ALTERED
        assert altered not in unmatched_people(session, now=utc_now())
    enrol("Altered", [red_photo], case_id, tools, plan)
    match_person(altered, tools)
    assert sorted(one.person_id for one in found(tools)) == [altered, whole]
