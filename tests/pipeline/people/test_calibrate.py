"""Strangers are searched for in a case's footage, and only what that gave in numbers is kept."""

import colorsys
from datetime import timedelta
from pathlib import Path

import pytest
from painted import RED, paint_photo
from steps import enrol, find, open_case

from errors import NotAuthorised, WrongUsage
from faces.error_rates import FEW
from pipeline.clock import utc_now
from pipeline.people.calibrate import STEPS, Calibrated, calibrate
from pipeline.people.search import Question, search
from pipeline.people.strangers import Stranger
from pipeline.plan import Plan
from pipeline.tools import Tools
from storage.access.audit import newest
from storage.database.database import reading
from storage.results.calibrations import calibrations, current


def strangers_of_every_colour(folder: Path, number: int = FEW) -> list[Stranger]:
    folder.mkdir(exist_ok=True)
    found = []
    for place in range(number):
        red, green, blue = colorsys.hsv_to_rgb(place / number + 0.013, 0.87, 0.88)
        colour = (round(255 * red), round(255 * green), round(255 * blue))
        photo = paint_photo(folder / f"{place}.png", colour)
        found.append(Stranger(photo.name, (photo,), "warm" if place < number // 2 else ""))
    return found


def measured(tools: Tools, strangers: list[Stranger], *, days_later: float = 0) -> Calibrated:
    engine = tools.engine_for(Plan(engine="stub"))
    now = utc_now() + timedelta(days=days_later)
    return calibrate(
        strangers, "2026-1", engine=engine, database=tools.database, actor="uid:1", now=now
    )


def searched_one_by_one(tools: Tools, strangers: list[Stranger]) -> list[int]:
    engine = tools.engine_for(Plan(engine="stub"))
    return [
        len(
            search(
                one.photos,
                Question("2026-1"),
                engine=engine,
                database=tools.database,
                actor="uid:1",
                now=utc_now(),
            ).hits
        )
        for one in strangers
    ]


def test_it_counts_what_searching_for_each_stranger_would_give(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(tools)
    find(clip, tools, plan)
    strangers = strangers_of_every_colour(tmp_path / "strangers")
    rate = measured(tools, strangers).calibration.rate
    each = searched_one_by_one(tools, strangers)
    assert 0 < sum(each) < FEW
    assert (rate.searches, rate.false_candidates) == (FEW, sum(each))
    assert rate.with_any == sum(number > 0 for number in each)


def test_it_is_kept_with_its_conditions_its_curve_and_its_groups(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = open_case(tools)
    find(clip, tools, plan)
    made = measured(tools, strangers_of_every_colour(tmp_path / "strangers")).calibration
    with reading(tools.database) as session:
        assert calibrations(session, case_id) == [made]
        assert current(session, case_id) == {("stub", 0.75): made}
    assert [one.threshold for one in made.curve] == [0.75 * step for step in STEPS]
    assert made.curve[0].false_candidates <= made.curve[-1].false_candidates
    assert {name: one.searches for name, one in made.groups.items()} == {"warm": FEW // 2}
    assert made.appearances == 1


def test_the_log_has_numbers_and_digests(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(tools)
    find(clip, tools, plan)
    made = measured(tools, strangers_of_every_colour(tmp_path / "strangers")).calibration
    with reading(tools.database) as session:
        (entry,) = newest(session, limit=1)
    assert (entry.action, entry.actor) == ("calibrated", "uid:1")
    assert f'"false_candidates":{made.rate.false_candidates}' in entry.objects
    assert "png" not in entry.objects


def test_somebody_the_case_looks_for_is_no_stranger(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id, strangers = open_case(tools), strangers_of_every_colour(tmp_path / "strangers")
    find(clip, tools, plan)
    enrol("Red", strangers[7].photos, case_id, tools, plan)
    with pytest.raises(WrongUsage, match="whom this case looks for"):
        measured(tools, strangers)


def test_photos_that_cannot_be_used_are_told_and_not_counted(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(tools)
    find(clip, tools, plan)
    nobody = Stranger("nobody", (paint_photo(tmp_path / "nobody.png"),))
    done = measured(tools, [*strangers_of_every_colour(tmp_path / "strangers"), nobody])
    assert [one.name for one in done.unusable] == ["nobody.png"]
    assert done.calibration.rate.searches == FEW


def test_too_few_people_measure_nothing(
    tools: Tools, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(tools)
    find(clip, tools, plan)
    with pytest.raises(WrongUsage, match="29 people can be searched with"):
        measured(tools, strangers_of_every_colour(tmp_path / "strangers", FEW - 1))


def test_without_footage_there_is_nothing_to_measure(tools: Tools, tmp_path: Path) -> None:
    open_case(tools)
    with pytest.raises(WrongUsage, match="Nobody was seen"):
        measured(tools, strangers_of_every_colour(tmp_path / "strangers"))


def test_a_case_that_has_expired_is_not_searched(tools: Tools, tmp_path: Path) -> None:
    open_case(tools)
    red = Stranger("red", (paint_photo(tmp_path / "red.png", RED),))
    with pytest.raises(NotAuthorised, match="expired"):
        measured(tools, [red], days_later=2)
