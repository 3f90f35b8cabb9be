"""Each recording and each search counts once; a calibration is shown for what it measured."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from callers import caller
from colourful import strangers_of_every_colour
from painted import RED, paint_photo
from rows import add_accounts
from steps import enrol, find, open_case

from errors import WrongUsage
from faces.error_rates import FEW
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.judging.review import Rules, decide
from pipeline.people.calibrate import calibrate
from pipeline.people.search import Question, search
from pipeline.people.strangers import Stranger
from pipeline.plan import Plan
from report.exporting import export
from storage.database.database import reading, writing
from storage.jobs.recordings import Request
from storage.results.calibrations import Calibration
from storage.results.changes import changes
from storage.results.verdicts import Decision, Key


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


def test_one_recording_under_two_plans_is_listed_once_in_the_statement(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    case_id, own = open_case(context), Request(case_id=1)
    ingest_file(clip, context=context, plan=plan, now=utc_now(), request=own)
    for segment_seconds in (2, 3):
        find(clip, context, replace(plan, max_segment_seconds=segment_seconds))
    photos = [paint_photo(tmp_path / "red.png", RED)]
    match_person(enrol("Red", photos, case_id, context, plan).person_id, context)
    with writing(context.database) as session:
        add_accounts(session, 1, 2)
    for account in (1, 2):
        asks = caller(context.database, f"account:{account}")
        decide(asks, case_id, Key(1, 1), Decision.SAME, account_id=account, rules=Rules())
    package = export(caller(context.database), case_id, media=context.media, rules=Rules())
    with ZipFile(BytesIO(package.body)) as archive:
        page = archive.read("statement.html").decode()
    assert page.partition("<h2>Coverage</h2>")[2].count("<tr><td>") == 1


def test_a_calibration_of_the_footage_of_a_case_is_not_shown_over_the_whole_archive(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    case_id = open_case(context)
    own = Request(case_id=case_id)
    ingest_file(clip, context=context, plan=plan, now=utc_now(), request=own)
    find(clip, context, plan)
    made = measured(context, plan, strangers_of_every_colour(tmp_path / "strangers"))
    photo, engine = paint_photo(tmp_path / "red.png", RED), context.engine_for(plan)

    def shown(question: Question) -> Calibration | None:
        return search(caller(context.database), [photo], question, engine=engine).calibration

    assert shown(Question(case_id)) == made
    assert shown(Question(case_id, everything=True)) is None


def test_one_photo_under_thirty_names_is_one_search(
    clip: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    find(clip, context, plan)
    photos = [paint_photo(tmp_path / f"{number}.png", RED) for number in range(FEW)]
    with pytest.raises(WrongUsage, match="usable photo"):
        measured(context, plan, [Stranger(photo.name, (photo,)) for photo in photos])
