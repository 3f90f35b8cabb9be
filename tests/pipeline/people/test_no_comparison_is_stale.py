"""A comparison is valid only while all that it rested on is unchanged: terms, dates and folders."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from callers import caller
from decided import LIKE_RED
from painted import RED, paint_photo
from quiet import found, names, quiet
from steps import enrol, find, open_case

from faces.adjusted import adjusted
from faces.engines.stub import StubEngine
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance import cases
from pipeline.intake.ingest import ingest_file
from pipeline.judging.overview import overview
from pipeline.people.thresholds import change_threshold
from pipeline.plan import Plan
from storage.cases import case_terms
from storage.cases.case_terms import Authorisation, Change
from storage.cases.legal_bases import Policy
from storage.cases.people import Standing, people_in
from storage.database.database import reading, writing
from storage.jobs.recordings import Request
from storage.tables import Category

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
INSIDE, OUTSIDE = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (5, 7))
RED_ONCE = [("Red", "red.png")]


@pytest.fixture
def red_photo(tmp_path: Path) -> Path:
    return paint_photo(tmp_path / "red.png", RED)


def later(context: Context, by: timedelta) -> Context:
    return replace(context, clock=lambda: utc_now() + by)


def limited_case(context: Context, *sources: str, **terms: object) -> int:
    """A case whose sources, window and authorisation are given; returns its id."""
    with writing(context.database) as session:
        return case_terms.open_case(
            session,
            reference="2026-1",
            legal_basis="suspect-search",
            purpose="a test",
            requested_by="an officer",
            sources=sources or ["*"],
            expires_at=utc_now() + 30 * DAY,
            now=utc_now(),
            **terms,  # type: ignore[arg-type]
        ).id


def windowed_case(context: Context) -> int:
    """A case about footage that was recorded within a day of `INSIDE`."""
    return limited_case(context, footage_from=INSIDE - DAY, footage_until=INSIDE + DAY)


def authorise(context: Context, case_id: int) -> None:
    given = Authorisation("42/26", "Judge", context.clock())
    cases.authorise(caller(context.database, now=context.clock()), case_id, given)


def test_footage_is_compared_after_the_first_end_of_a_case_that_was_extended(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = open_case(context, days=1)
    enrol("Red", [red_photo], case_id, context, plan)
    longer = Change(expires_at=utc_now() + 30 * DAY)
    cases.change_case(caller(context.database), case_id, longer, policy=Policy())
    find(clip, later(context, 2 * DAY), plan)
    quiet(later(context, 2 * DAY))
    assert names(context) == RED_ONCE


def test_a_category_alone_leaves_the_review_date_as_it_is(
    tmp_path: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id, due = open_case(context), utc_now() + HOUR
    enrol("Red", [red_photo], case_id, context, plan, standing=Standing(Category.WITNESS, due))
    another = [paint_photo(tmp_path / "another.png", LIKE_RED)]
    enrol("Red", another, case_id, context, plan, standing=Standing(Category.WITNESS))
    with reading(context.database) as session:
        assert [person.review_at for person in people_in(session, case_id)] == [due]


def test_footage_matched_while_a_case_was_locked_is_compared_once_it_is_authorised(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = limited_case(context, needs_authorisation=True, urgent=True)
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    after = later(context, 49 * HOUR)
    find(clip, after, plan)
    assert names(context) == []
    authorise(after, case_id)
    quiet(after)
    assert names(context) == RED_ONCE


def test_a_case_is_not_finished_while_footage_matched_before_its_authorisation_is_uncompared(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = limited_case(context, needs_authorisation=True, urgent=True)
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    after = later(context, 49 * HOUR)
    find(clip, after, plan)
    authorise(after, case_id)
    assert overview(caller(context.database, now=after.clock()), case_id).is_underway


def test_footage_matched_while_an_extension_awaits_its_authorisation_is_compared_after_it(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = limited_case(context, needs_authorisation=True)
    authorise(context, case_id)
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    longer = Change(expires_at=utc_now() + 60 * DAY)
    cases.change_case(caller(context.database), case_id, longer, policy=Policy())
    find(clip, context, plan)
    authorise(context, case_id)
    quiet(context)
    assert names(context) == RED_ONCE


def test_a_threshold_changed_while_a_case_was_locked_counts_once_it_is_authorised(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    case_id = limited_case(context, needs_authorisation=True, urgent=True)
    find(clip, context, plan)
    photos = [paint_photo(tmp_path / "red.png", RED)]
    match_person(enrol("Red", photos, case_id, context, plan).person_id, context)
    after, keys = later(context, 49 * HOUR), context.media.keys
    asks = caller(context.database, now=after.clock())
    change_threshold(asks, StubEngine(), 0.5, reason="fewer strangers", keys=keys)
    authorise(after, case_id)
    quiet(replace(after, engine_for=lambda _: adjusted(StubEngine(), 0.5)))
    assert [row.threshold for row in found(context.database)] == [0.5]


def test_a_known_recording_is_compared_once_it_is_dated_inside_the_window(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    find(clip, context, plan)
    case_id = windowed_case(context)
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    date(clip, INSIDE, context, plan)
    quiet(context)
    assert names(context) == RED_ONCE


def test_a_candidate_goes_once_its_recording_is_dated_outside_the_window(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    case_id = windowed_case(context)
    own = Request(case_id=case_id)  # covered even though nobody says when it was recorded
    ingest_file(clip, context=context, plan=plan, now=utc_now(), request=own)
    find(clip, context, plan)
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    assert names(context) == RED_ONCE
    date(clip, OUTSIDE, context, plan)
    quiet(context)
    assert names(context) == []


def test_a_known_recording_is_compared_once_it_moves_into_a_source_of_the_case(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    find(clip, context, plan)
    case_id = limited_case(context, "station")
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    ingest_file(moved(clip, "station"), context=context, plan=plan, now=utc_now())
    quiet(context)
    assert names(context) == RED_ONCE


def test_a_candidate_goes_once_its_recording_moves_out_of_the_sources_of_the_case(
    clip: Path, red_photo: Path, context: Context, plan: Plan
) -> None:
    inside = moved(clip, "station")
    find(inside, context, plan)
    case_id = limited_case(context, "station")
    match_person(enrol("Red", [red_photo], case_id, context, plan).person_id, context)
    assert names(context) == RED_ONCE
    ingest_file(moved(inside, "../harbour"), context=context, plan=plan, now=utc_now())
    quiet(context)
    assert names(context) == []


def date(clip: Path, at: datetime, context: Context, plan: Plan) -> None:
    """Say when known footage was recorded, as `ingest --captured-at` does."""
    request = Request(captured_at=at)
    ingest_file(clip, context=context, plan=plan, now=utc_now(), request=request)


def moved(clip: Path, folder: str) -> Path:
    to = (clip.parent / folder).resolve()
    to.mkdir()
    return clip.rename(to / clip.name)
