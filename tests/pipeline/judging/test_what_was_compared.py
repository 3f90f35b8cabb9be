"""A report and a statement say what was compared, and what was left out and why."""

import io
import random
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from absences import (
    FOUND_NOBODY,
    FROM,
    INSIDE,
    NO_PHOTO,
    NOBODY_SAYS,
    UNTIL,
    compared,
    in_one_line,
)
from callers import caller
from footage_factory import run_ffmpeg
from judged import ANN, BEN, RULES, SAME
from painted import BLUE, RED, Stay, paint, paint_photo
from rows import PLAN, add_accounts, found, presence, segments
from steps import enrol, find, watch_all

from faces.engines.stub import StubEngine
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import purge_bystanders
from pipeline.intake.ingest import ingest_file
from pipeline.judging.review import decide
from pipeline.plan import Plan
from pipeline.planning.jobs import jobs_of_engine
from report.exporting import export
from report.gather import gather
from report.report import render
from storage.cases import case_terms
from storage.cases.cases import EVER
from storage.database.database import reading, writing
from storage.jobs.listing import all_analyses
from storage.jobs.recordings import Request, add
from storage.results.candidates import candidates
from storage.tables import Analysis, State
from storage.vectors.appearances import replace_appearances

SPOKEN = "2026-01-05T12:34:56Z"
"""When a file says that it was recorded: before the case's recording period."""


def test_a_report_counts_footage_without_a_recording_time_as_not_compared(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, context, plan)
    case_id = case_with_window(context)
    look_for(context, case_id, tmp_path, RED)
    told = report(context, case_id, plan)
    assert compared(told) == [(0, 1, 0, 1)]


def test_a_report_says_why_footage_without_a_recording_time_was_left_out(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, context, plan)
    case_id = case_with_window(context)
    look_for(context, case_id, tmp_path, RED)
    assert NOBODY_SAYS in report(context, case_id, plan)


def test_a_report_shows_the_date_that_the_file_claims_and_that_kept_it_out(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    dated = tmp_path / "dated.mp4"
    run_ffmpeg("-i", clip, "-c", "copy", "-metadata", f"creation_time={SPOKEN}", dated)
    case_id = case_with_window(context)
    find_for(dated, context, plan, Request(case_id=case_id))
    look_for(context, case_id, tmp_path, RED)
    told = report(context, case_id, plan)
    assert "2026-01-05" in told
    assert "12:34:56" in told


def test_a_report_on_footage_still_queued_does_not_say_that_nobody_was_there(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = case_with_window(context, EVER)
    ingest_file(clip, context=context, plan=plan, now=utc_now())
    look_for(context, case_id, tmp_path, RED)
    told = report(context, case_id, plan)
    assert not any(words in told for words in FOUND_NOBODY)
    assert compared(told) == [(0, 0, 0, 1)]


def test_a_report_on_a_person_still_to_be_compared_does_not_say_that_nobody_was_there(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, context, plan)
    case_id = case_with_window(context, EVER)
    enrol("Red", [paint_photo(tmp_path / "red.png", RED)], case_id, context, plan)
    told = report(context, case_id, plan)
    assert not any(words in told for words in FOUND_NOBODY)
    assert compared(told) == [(0, 1, 0, 1)]


def test_a_report_with_candidates_says_how_much_was_not_compared(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    """report.html.j2 says nothing of what was left out once there is a candidate."""
    case_id = archive_with_and_without_a_date(context, plan, clip, tmp_path)
    assert compared(report(context, case_id, plan)) == [(1, 2, 1, 2)]


def test_a_report_names_no_footage_of_another_case(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    mine, other = (case_with_window(context, EVER, ["added"], name) for name in ("A", "B"))
    find_for(clip, context, plan, Request(case_id=mine))
    secret = paint(tmp_path / "secret.mp4", 3, Stay(BLUE, 0, 2))
    find_for(secret, context, plan, Request(case_id=other))
    look_for(context, mine, tmp_path, RED)
    assert "secret.mp4" not in report(context, mine, plan)


def test_a_report_counts_no_footage_of_another_case(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    mine, other = (case_with_window(context, EVER, ["added"], name) for name in ("A", "B"))
    find_for(clip, context, plan, Request(case_id=mine))
    find_for(paint(tmp_path / "b.mp4", 3, Stay(BLUE, 0, 2)), context, plan, Request(case_id=other))
    look_for(context, mine, tmp_path, RED)
    assert "0:00:06.0 in 1 recording" in report(context, mine, plan)


def test_a_statement_says_that_a_person_without_a_usable_photo_was_not_compared(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = supported_case(context, plan, clip, tmp_path)
    bad = tmp_path / "unreadable.png"
    bad.write_bytes(b"no picture")
    enrol("Nobody", [bad], case_id, context, plan)
    told = statement(context, case_id)
    assert "No candidates: Nobody" not in told
    assert NO_PHOTO in told.lower()


def test_a_statement_says_how_much_was_not_compared(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = archive_with_and_without_a_date(context, plan, clip, tmp_path)
    support(context, case_id)
    told = statement(context, case_id)
    assert compared(told) == [(1, 2, 1, 2)]
    assert NOBODY_SAYS in told


def test_a_statement_covers_the_archive_footage_in_which_its_candidates_are(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id = supported_case(context, plan, clip, tmp_path)
    assert "gate.mp4" in statement(context, case_id).partition("Coverage")[2]


def test_a_report_counts_footage_of_another_engine_as_not_compared(
    make_tools: Callable[..., Context], plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, make_tools(StubEngine(circles=3)), Plan(engine="stub:3", max_segment_seconds=2))
    context = make_tools()
    case_id = case_with_window(context, EVER)
    look_for(context, case_id, tmp_path, RED)
    assert [one[2:] for one in compared(report(context, case_id, plan))] == [(0, 1)]


def test_a_report_on_purged_bystanders_does_not_say_that_nobody_was_there(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, context, plan)
    in_an_hour = utc_now() + timedelta(hours=1)
    purge_bystanders(caller(context.database, now=in_an_hour), 0, context, ())
    case_id = case_with_window(context, EVER)
    afterwards = replace(context, clock=lambda: in_an_hour + timedelta(minutes=1))
    look_for(afterwards, case_id, tmp_path, RED)
    told = report(context, case_id, plan)
    assert not any(words in told for words in FOUND_NOBODY)
    assert [one[2:] for one in compared(told)] == [(0, 1)]
    assert "bystanders were purged" in told


def test_footage_compared_before_its_bystanders_were_purged_counts_as_compared(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    find(clip, context, plan)
    case_id = case_with_window(context, EVER)
    look_for(context, case_id, tmp_path, BLUE)
    in_an_hour = utc_now() + timedelta(hours=1)
    purge_bystanders(caller(context.database, now=in_an_hour), 0, context, ())
    assert [one[2:] for one in compared(report(context, case_id, plan))] == [(1, 1)]


@dataclass(frozen=True)
class Film:
    """A drawn recording."""

    folder: str
    is_own: bool
    at: datetime | None
    faces: int
    """-1: not processed yet."""


@pytest.mark.parametrize("seed", range(12))
def test_what_a_report_counts_is_what_a_plain_reckoning_counts(
    context: Context, plan: Plan, tmp_path: Path, seed: int
) -> None:
    """Drawn archives, sources, windows, photos and states. Own footage without a recording time
    is not drawn where there is a window: whether it is compared is for the case to say."""
    drawn = random.Random(seed)
    window = drawn.choice([EVER, (FROM, UNTIL)])
    source = drawn.choice(["*", "depot", "added"])
    case_id = case_with_window(context, window, [source])
    films = [draw_film(drawn, window) for _ in range(7)]
    for place, film in enumerate(films):
        store(context, case_id, f"{place}.mp4", film)
    is_usable, is_matched = drawn.random() < 0.9, drawn.random() < 0.9
    photo = paint_photo(tmp_path / "red.png", *([RED] if is_usable else []))
    enrolled = enrol("Red", [photo], case_id, context, plan)
    if is_matched:
        match_person(enrolled.person_id, context)

    counted = [
        film
        for film in films
        if film.faces >= 0
        and (film.is_own or source in ("*", film.folder))
        and (window == EVER or (film.at is not None and FROM <= film.at < UNTIL))
        and is_usable
        and is_matched
    ]
    told = compared(report(context, case_id, Plan(engine="stub"), all_jobs(context)))
    faces = sum(film.faces for film in counted)
    assert [(one[0], one[2]) for one in told] == [(faces, len(counted))]


def draw_film(drawn: random.Random, window: tuple[datetime, datetime]) -> Film:
    is_own = drawn.random() < 0.3
    unknown = [] if is_own and window != EVER else [None]
    at = drawn.choice([*unknown, INSIDE, FROM - timedelta(hours=9)])
    folder = drawn.choice(["depot", "bus-depot", "yard"])
    return Film(folder, is_own, at, drawn.choice([-1, 0, 1, 3, 3]))


def store(context: Context, case_id: int, name: str, film: Film) -> None:
    """A recording of people who are not red."""
    request = Request(case_id=case_id if film.is_own else None, captured_at=film.at)
    probed = found(name.replace(".", "")[0] * 64, f"/{film.folder}/{name}")
    with writing(context.database) as session:
        parts = segments(1)
        added = add(session, probed, segments=parts, now=utc_now(), request=request, **PLAN)
        if film.faces >= 0:
            session.get_one(Analysis, added.analysis_id).state = State.DONE
            seen = [presence(4_000 * place, colour=-1.0) for place in range(film.faces)]
            replace_appearances(session, added.analysis_id, seen)


def all_jobs(context: Context) -> list[int]:
    with reading(context.database) as session:
        return all_analyses(session)


def case_with_window(
    context: Context,
    window: tuple[datetime, datetime] = (FROM, UNTIL),
    sources: list[str] | None = None,
    reference: str = "A",
) -> int:
    """A case in force, of the whole archive unless sources are given; returns its id."""
    with writing(context.database) as session:
        return case_terms.open_case(
            session,
            reference=reference,
            legal_basis="witness-search",
            purpose="a test",
            requested_by="an officer",
            sources=sources or ["*"],
            footage_from=window[0],
            footage_until=window[1],
            expires_at=utc_now() + timedelta(days=1),
            now=utc_now(),
        ).id


def find_for(path: Path, context: Context, plan: Plan, request: Request) -> None:
    """Ingest, process and match one file."""
    added = ingest_file(path, context=context, plan=plan, now=utc_now(), request=request)
    watch_all(context)
    match_analysis(added.analysis_id, context)


def look_for(
    context: Context, case_id: int, folder: Path, colour: tuple[int, int, int], name: str = "Red"
) -> None:
    """Enrol a person with one photo, and compare everything with it."""
    photo = paint_photo(folder / f"photo of {name}.png", colour)
    plan = Plan(engine="stub")
    match_person(enrol(name, [photo], case_id, context, plan).person_id, context)


def archive_with_and_without_a_date(context: Context, plan: Plan, clip: Path, folder: Path) -> int:
    """Red was seen in two recordings; only of one is it known when it was recorded."""
    find_for(clip, context, plan, Request(captured_at=INSIDE))
    undated = folder / "undated.mp4"
    undated.write_bytes(clip.read_bytes() + bytes(8))
    find(undated, context, plan)
    case_id = case_with_window(context)
    look_for(context, case_id, folder, RED)
    return case_id


def supported_case(context: Context, plan: Plan, clip: Path, folder: Path) -> int:
    """Red was seen in footage of the archive, and two reviewers said same."""
    find(clip, context, plan)
    case_id = case_with_window(context, EVER)
    look_for(context, case_id, folder, RED)
    support(context, case_id)
    return case_id


def support(context: Context, case_id: int) -> None:
    with reading(context.database) as session:
        (only,) = candidates(session)
    with writing(context.database) as session:
        add_accounts(session, ANN.account_id, BEN.account_id)
    for one in (ANN, BEN):
        asked = Caller(context.database, one.actor, utc_now())
        decide(asked, case_id, only.key, SAME, account_id=one.account_id, rules=RULES)


def report(context: Context, case_id: int, plan: Plan, jobs: Sequence[int] | None = None) -> str:
    """The words of the report that `nightreel report` writes."""
    if jobs is None:
        jobs = jobs_of_engine(context.database, plan.key, plan.engine)
    page = gather(
        caller(context.database),
        case_id,
        jobs,
        refused=(),
        plan=plan,
        engine=context.engine_for(plan),
        media=context.media,
    )
    return in_one_line(render(page))


def statement(context: Context, case_id: int) -> str:
    """The words of the statement of an exported package."""
    made = export(caller(context.database), case_id, media=context.media, rules=RULES)
    with zipfile.ZipFile(io.BytesIO(made.body)) as archive:
        return in_one_line(archive.read("statement.html").decode())
