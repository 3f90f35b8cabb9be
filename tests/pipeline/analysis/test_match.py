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
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.plan import Plan
from storage.cases import case_terms
from storage.cases.references import references
from storage.cases.sealed_vectors import ALTERED
from storage.database.database import reading, writing
from storage.jobs.recordings import Request
from storage.results.candidates import CandidateRow, candidates
from storage.results.comparisons import stale, stale_analyses
from storage.tables import Reference, State


@pytest.fixture
def red_photo(tmp_path: Path) -> Path:
    return paint_photo(tmp_path / "red.png", RED)


def found(context: Context, case_id: int = 1) -> list[CandidateRow]:
    """The candidates of a case, by rank."""
    with reading(context.database) as session:
        return candidates(session, case_id=case_id)


def times(context: Context, case_id: int = 1) -> list[tuple[int, int]]:
    """From when to when the candidates of a case are on the picture, in order of time."""
    return sorted((one.seen.start_ms, one.seen.end_ms) for one in found(context, case_id))


def test_matching_twice_equals_once(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    red = enrol("Red", [red_photo], open_case(context), context, plan).person_id
    analysis_id = find(clip, context, plan)
    match_person(red, context)
    once = snapshot(context.database, without=WHEN_ASKED)
    assert len(once["candidate"]) == 1

    match_analysis(analysis_id, context)
    match_person(red, context)

    assert snapshot(context.database, without=WHEN_ASKED) == once


def test_who_leaves_and_returns_is_two_appearances(
    tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(context), context, plan)
    clip = paint(tmp_path / "twice.mp4", 12, Stay(RED, 1, 4), Stay(RED, 8, 11))

    find(clip, context, plan)

    assert times(context) == [(1000, 3500), (8000, 10500)]
    assert [one.rank for one in found(context)] == [1, 2]


def test_a_short_look_away_is_one_appearance(
    tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(context), context, plan)
    clip = paint(tmp_path / "away.mp4", 8, Stay(RED, 1, 3.5), Stay(RED, 4.5, 7))

    find(clip, context, plan)

    assert times(context) == [(1000, 6500)]


def test_only_the_person_looked_for_is_a_candidate(
    tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(context), context, plan)
    stays = [Stay(GREEN, 0, 6, x=190), Stay(RED, 2, 4), Stay(BLUE, 4, 6)]

    analysis_id = find(paint(tmp_path / "three.mp4", 6, *stays), context, plan)

    assert outcome(analysis_id, context).appearances == 3
    assert times(context) == [(2000, 3500)]


def test_who_is_enrolled_afterwards_finds_the_same(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = open_case(context)
    find(clip, context, plan)
    assert found(context) == []

    red = enrol("Red", [red_photo], case_id, context, plan).person_id
    match_person(red, context)

    assert times(context) == [(1000, 4500)]
    with reading(context.database) as session:
        assert list(stale(session, utc_now())) == []


def test_footage_without_anybody_ends_well(
    tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    enrol("Red", [red_photo], open_case(context), context, plan)

    analysis_id = find(paint(tmp_path / "nobody.mp4", 3), context, plan)

    assert outcome(analysis_id, context).state is State.DONE
    assert outcome(analysis_id, context).decoded_ms == 3000
    assert found(context) == []


def test_nobody_is_searched_for_without_a_case_in_force(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    red = enrol("Red", [red_photo], open_case(context), context, plan).person_id
    with writing(context.database) as session:
        case_terms.close_case(session, 1, utc_now() - timedelta(seconds=1))

    find(clip, context, plan)
    match_person(red, context)

    assert found(context) == []


def test_each_case_sees_its_own_candidates_only(
    clip: Path, tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    of_red, of_blue = open_case(context, "red"), open_case(context, "blue")
    enrol("Red", [red_photo], of_red, context, plan)
    enrol("Blue", [paint_photo(tmp_path / "blue.png", BLUE)], of_blue, context, plan)

    find(clip, context, plan)

    assert (len(found(context, of_red)), len(found(context, of_blue))) == (1, 0)


def test_an_analysis_that_is_still_watched_is_not_ended_by_a_match(
    clip: Path, context: Context, plan: Plan
) -> None:
    analysis_id = ingest(clip, context, plan).analysis_id

    match_analysis(analysis_id, context)
    assert outcome(analysis_id, context).state is State.WAITING

    watch_all(context)
    match_analysis(analysis_id, context)
    assert outcome(analysis_id, context).state is State.DONE


def test_footage_that_a_case_gets_later_is_compared_though_it_was_watched_before(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    analysis_id = find(clip, context, plan)
    case = open_case(context, sources=["added"])
    red = enrol("Red", [red_photo], case, context, plan).person_id
    match_person(red, context)
    assert found(context) == []

    ingest_file(clip, context=context, plan=plan, now=utc_now(), request=Request(case_id=case))

    with reading(context.database) as session:
        assert stale_analyses(session) == [analysis_id]
    match_analysis(analysis_id, context)
    with reading(context.database) as session:
        assert (list(stale(session, utc_now())), stale_analyses(session)) == ([], [])
    assert [one.person_id for one in found(context)] == [red]


@pytest.mark.parametrize("by", ["the analysis", "the person"])
def test_a_photo_that_was_altered_finds_nobody_and_stops_nobody(
    clip: Path, red_photo: Path, context: Context, plan: Plan, by: str
) -> None:
    case_id = open_case(context)
    if by == "the person":
        find(clip, context, plan)
    odd = paint_photo(red_photo.with_name("orange.png"), (200, 60, 30))
    altered = enrol("Altered", [red_photo], case_id, context, plan).person_id
    whole = enrol("Whole", [odd], case_id, context, plan).person_id
    with writing(context.database) as session:
        row = session.exec(select(Reference).filter_by(person_id=altered)).one()
        row.sealed_vector = bytes(len(row.sealed_vector or b""))
    if by == "the person":
        match_people([altered, whole], context)
    else:
        find(clip, context, plan)
    assert [one.person_id for one in found(context)] == [whole]
    with reading(context.database) as session:
        (photo,) = references(session, altered)
        assert photo.verdict == ALTERED
    match_person(altered, context)
    with reading(context.database) as session:
        assert altered not in stale(session, utc_now())
    enrol("Altered", [red_photo], case_id, context, plan)
    match_person(altered, context)
    assert sorted(one.person_id for one in found(context)) == [altered, whole]
