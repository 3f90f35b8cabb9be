"""Photos of one name that may show two people are told when they are added, and in the report."""

from collections.abc import Callable
from pathlib import Path

import pytest
from callers import caller
from painted import BLUE, RED, paint_photo
from steps import enrol, find, open_case

from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.people.withdraw import withdraw
from pipeline.plan import Plan
from report.gather import gather
from report.report import render
from storage.database.database import reading
from storage.jobs.listing import all_analyses

DISAGREE = "further apart than the threshold"
LIKE_RED = (225, 60, 30)


@pytest.fixture
def photo(tmp_path: Path) -> Callable[[str, tuple[int, int, int]], Path]:
    return lambda name, colour: paint_photo(tmp_path / name, colour)


def test_photos_that_are_alike_are_not_told(
    context: Context, plan: Plan, photo: Callable[..., Path]
) -> None:
    photos = [photo("r.png", RED), photo("s.png", LIKE_RED)]
    assert enrol("Red", photos, open_case(context), context, plan).disagreements == ()


def test_photos_that_disagree_are_told_with_their_names(
    context: Context, plan: Plan, photo: Callable[..., Path]
) -> None:
    photos = [photo("r.png", RED), photo("b.png", BLUE)]
    [told] = enrol("Red", photos, open_case(context), context, plan).disagreements
    assert told.startswith("r.png and b.png are " + DISAGREE)


def test_a_photo_that_disagrees_with_an_earlier_one_is_told(
    context: Context, plan: Plan, photo: Callable[..., Path]
) -> None:
    case_id = open_case(context)
    enrol("Red", [photo("r.png", RED)], case_id, context, plan)
    assert len(enrol("Red", [photo("b.png", BLUE)], case_id, context, plan).disagreements) == 1


def test_a_withdrawn_photo_disagrees_with_nothing(
    context: Context, plan: Plan, photo: Callable[..., Path]
) -> None:
    case_id = open_case(context)
    enrol("Red", [photo("r.png", RED), photo("b.png", BLUE)], case_id, context, plan)
    withdraw(caller(context.database), case_id, "Red", "b.png")
    assert enrol("Red", [photo("r.png", RED)], case_id, context, plan).disagreements == ()


def test_the_report_tells_it_again(
    context: Context, plan: Plan, clip: Path, photo: Callable[..., Path]
) -> None:
    find(clip, context, plan)
    case_id = open_case(context)
    photos = [photo("r.png", RED), photo("b.png", BLUE)]
    person = enrol("Red", photos, case_id, context, plan).person_id
    match_person(person, context)
    with reading(context.database) as session:
        analyses = all_analyses(session)
    report = gather(
        caller(context.database, now=utc_now()), case_id, analyses, refused=(), plan=plan,
        engine=context.engine_for(plan), media=context.media,
    )  # fmt: skip
    assert DISAGREE in render(report)
