"""Each recording and each search counts once; a calibration is shown for what it measured."""

from dataclasses import replace
from pathlib import Path

import pytest
from callers import caller
from colourful import strangers_of_every_colour
from painted import RED, paint_photo
from steps import enrol, find, open_case

from errors import WrongUsage
from faces.error_rates import FEW
from pipeline.analysis.rematch import match_person
from pipeline.context import Context
from pipeline.people.calibrate import calibrate
from pipeline.people.strangers import Stranger
from pipeline.plan import Plan
from storage.database.database import reading
from storage.results.calibrations import Calibration
from storage.results.changes import changes


def measured(context: Context, plan: Plan, strangers: list[Stranger]) -> Calibration:
    engine = context.engine_for(plan)
    return calibrate(caller(context.database), 1, strangers, engine=engine).calibration


def test_one_recording_under_two_plans_is_measured_once(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    strangers = strangers_of_every_colour(tmp_path / "strangers")
    find(clip, context, plan)
    once = measured(context, plan, strangers)
    find(clip, context, replace(plan, max_segment_seconds=3))
    twice = measured(context, plan, strangers)
    assert (twice.appearances, twice.rate) == (once.appearances, once.rate)


def test_one_recording_under_two_plans_is_compared_once(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    case_id = open_case(context)
    for segment_seconds in (2, 3):
        find(clip, context, replace(plan, max_segment_seconds=segment_seconds))
    photos = [paint_photo(tmp_path / "red.png", RED)]
    match_person(enrol("Red", photos, case_id, context, plan).person_id, context)
    with reading(context.database) as session:
        (run,) = changes(session, case_id, engine="stub").rematches
    assert run.appearances == 1


def test_one_photo_under_thirty_names_is_one_search(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    find(clip, context, plan)
    photos = [paint_photo(tmp_path / f"{number}.png", RED) for number in range(FEW)]
    with pytest.raises(WrongUsage, match="usable photo"):
        measured(context, plan, [Stranger(photo.name, (photo,)) for photo in photos])
