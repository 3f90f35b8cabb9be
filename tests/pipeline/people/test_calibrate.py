"""Strangers are searched for in a case's footage, and only what that gave in numbers is kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from colourful import strangers_of_every_colour
from painted import RED, paint_photo
from steps import enrol, find, open_case

from errors import NotAuthorised, WrongUsage
from faces.error_rates import FEW
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.people.calibrate import STEPS, Calibrated, calibrate
from pipeline.people.search import Question, search
from pipeline.people.strangers import Stranger
from pipeline.plan import Plan
from storage.access.audit import newest
from storage.cases.cases import case_by_id
from storage.database.database import reading
from storage.results.calibrations import calibrations, current


def measured(context: Context, strangers: list[Stranger], *, days_later: float = 0) -> Calibrated:
    engine = context.engine_for(Plan(engine="stub"))
    now = utc_now() + timedelta(days=days_later)
    return calibrate(caller(context.database, now=now), 1, strangers, engine=engine)


def searched_one_by_one(context: Context, strangers: list[Stranger]) -> list[int]:
    engine = context.engine_for(Plan(engine="stub"))
    return [
        len(search(caller(context.database), one.photos, Question(1), engine=engine).hits)
        for one in strangers
    ]


def test_it_counts_what_searching_for_each_stranger_would_give(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    strangers = strangers_of_every_colour(tmp_path / "strangers")
    rate = measured(context, strangers).calibration.rate
    each = searched_one_by_one(context, strangers)
    assert 0 < sum(each) < FEW
    assert (rate.searches, rate.false_candidates) == (FEW, sum(each))
    assert rate.with_any == sum(number > 0 for number in each)


def test_it_is_kept_with_its_conditions_its_curve_and_its_groups(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = open_case(context)
    find(clip, context, plan)
    made = measured(context, strangers_of_every_colour(tmp_path / "strangers")).calibration
    with reading(context.database) as session:
        assert calibrations(session, case_id) == [made]
        assert current(session, case_by_id(session, case_id)) == {("stub", 0.75): made}
    assert [one.threshold for one in made.curve] == [0.75 * step for step in STEPS]
    assert made.curve[0].false_candidates <= made.curve[-1].false_candidates
    assert {name: one.searches for name, one in made.groups.items()} == {"warm": FEW // 2}
    assert made.appearances == 1


def test_the_log_has_numbers_and_digests(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    made = measured(context, strangers_of_every_colour(tmp_path / "strangers")).calibration
    with reading(context.database) as session:
        (entry,) = newest(session, limit=1)
    assert (entry.action, entry.actor) == ("calibrated", "uid:1")
    assert f'"false_candidates":{made.rate.false_candidates}' in entry.objects
    assert "png" not in entry.objects


def test_somebody_the_case_looks_for_is_no_stranger(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id, strangers = open_case(context), strangers_of_every_colour(tmp_path / "strangers")
    find(clip, context, plan)
    enrol("Red", strangers[7].photos, case_id, context, plan)
    with pytest.raises(WrongUsage, match="person of interest of this case"):
        measured(context, strangers)


def test_photos_that_cannot_be_used_are_told_and_not_counted(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    nobody = Stranger("nobody", (paint_photo(tmp_path / "nobody.png"),))
    done = measured(context, [*strangers_of_every_colour(tmp_path / "strangers"), nobody])
    assert [one.name for one in done.unusable] == ["nobody.png"]
    assert done.calibration.rate.searches == FEW


def test_too_few_people_measure_nothing(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    with pytest.raises(WrongUsage, match="29 people have a usable photo"):
        measured(context, strangers_of_every_colour(tmp_path / "strangers", FEW - 1))


def test_without_footage_there_is_nothing_to_measure(context: Context, tmp_path: Path) -> None:
    open_case(context)
    with pytest.raises(WrongUsage, match="No face was found"):
        measured(context, strangers_of_every_colour(tmp_path / "strangers"))


def test_a_case_that_has_expired_is_not_searched(context: Context, tmp_path: Path) -> None:
    open_case(context)
    red = Stranger("red", (paint_photo(tmp_path / "red.png", RED),))
    with pytest.raises(NotAuthorised, match="expired"):
        measured(context, [red], days_later=2)
