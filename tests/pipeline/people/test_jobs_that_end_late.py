"""A job that ends after something else happened stores nothing that no longer holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from decided import LIKE_RED
from painted import GREEN, RED, Stay, paint, paint_photo
from quiet import STALE_WAS_READ, found, names, overtaken, quiet
from steps import enrol, find, ingest, open_case, watch_all

from faces.adjusted import adjusted
from faces.engines.stub import StubEngine
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.cases import close_case, list_cases
from pipeline.governance.purge import purge_recordings
from pipeline.people.enrol import Enrolled
from pipeline.people.thresholds import change_threshold
from pipeline.people.withdraw import withdraw
from pipeline.plan import Plan
from storage.database.database import reading
from storage.results.changes import Changes, changes
from storage.vectors.thresholds import threshold_in_use

PERSON = 1
STRICT, WIDE = 0.1, StubEngine.card.threshold


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    """Red, somebody much like red, and green."""
    stays = [Stay(RED, 0, 2), Stay(LIKE_RED, 4, 6, x=190), Stay(GREEN, 6, 8)]
    return paint(tmp_path / "gate.mp4", 9, *stays)


@pytest.fixture
def case_id(context: Context, plan: Plan, footage: Path) -> int:
    """A case that covers this footage, which is processed."""
    find(footage, context, plan)
    return open_case(context)


@pytest.fixture
def in_use(context: Context) -> Context:
    """The same, with the threshold that is in use when an engine is asked for."""

    def engine_for(plan: Plan) -> StubEngine:
        with reading(context.database) as session:
            threshold = threshold_in_use(session, "stub") or WIDE
        return adjusted(StubEngine(plan.min_face_px), threshold)  # type: ignore[return-value]

    return replace(context, engine_for=engine_for)


def enrolled(
    context: Context, plan: Plan, folder: Path, **photos: tuple[int, int, int]
) -> Enrolled:
    """Red, with photos of these names and colours, in the first case."""
    paths = [paint_photo(folder / f"{name}.png", colour) for name, colour in photos.items()]
    return enrol("Red", paths, 1, context, plan)


def change(context: Context, plan: Plan, threshold: float) -> None:
    """Change the threshold in use, and compare Red with it."""
    engine, keys = context.engine_for(plan), context.media.keys
    change_threshold(caller(context.database), engine, threshold, reason="tried", keys=keys)
    match_person(PERSON, context)


def told(context: Context) -> Changes:
    """What all rematches of the first case changed together."""
    with reading(context.database) as session:
        return changes(session, 1, engine="stub", since=0)


@pytest.mark.usefixtures("case_id")
def test_a_late_job_keeps_what_was_found_after_another_photo_was_withdrawn(
    context: Context, plan: Plan, tmp_path: Path
) -> None:

    def take_back(other: Context) -> None:
        withdraw(caller(other.database), 1, "Red", "closer.png")
        match_person(PERSON, other)

    enrolled(context, plan, tmp_path, stays=LIKE_RED, closer=RED)
    with overtaken(context, take_back, after_writes=STALE_WAS_READ):
        match_person(PERSON, context)
    quiet(context)
    assert names(context) == [("Red", "stays.png"), ("Red", "stays.png")]


@pytest.mark.usefixtures("case_id")
def test_a_late_job_with_the_earlier_threshold_deletes_nothing_and_changes_nothing(
    in_use: Context, plan: Plan, tmp_path: Path
) -> None:
    enrolled(in_use, plan, tmp_path, red=RED)
    match_person(PERSON, in_use)
    asks, keys = caller(in_use.database), in_use.media.keys
    change_threshold(asks, StubEngine(), STRICT, reason="tried", keys=keys)
    with overtaken(in_use, lambda other: change(other, plan, WIDE), after_writes=STALE_WAS_READ):
        match_person(PERSON, in_use)
    quiet(in_use)
    assert [row.threshold for row in found(in_use.database)] == [WIDE, WIDE]


def test_footage_is_matched_with_the_threshold_that_is_in_use_when_it_is_stored(
    in_use: Context, plan: Plan, tmp_path: Path, footage: Path
) -> None:
    open_case(in_use)
    match_person(enrolled(in_use, plan, tmp_path, red=RED).person_id, in_use)
    analysis_id = ingest(footage, in_use, plan).analysis_id
    watch_all(in_use)
    with overtaken(in_use, lambda other: change(other, plan, STRICT)):
        match_analysis(analysis_id, in_use)
    quiet(in_use)
    assert [row.threshold for row in found(in_use.database)] == [STRICT]


@pytest.mark.usefixtures("case_id")
def test_what_a_photo_added_during_a_comparison_brings_is_told(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(
        context,
        lambda other: enrolled(other, plan, tmp_path, green=GREEN),
        after_writes=STALE_WAS_READ,
    ):
        match_person(PERSON, context)
    quiet(context)
    shown = [row.seen.appearance_id for row in found(context.database)]
    assert sorted(one.seen.appearance_id for one in told(context).changes) == sorted(shown)


@pytest.mark.usefixtures("case_id")
def test_a_rematch_says_the_photos_that_it_compared(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(
        context,
        lambda other: enrolled(other, plan, tmp_path, green=GREEN),
        after_writes=STALE_WAS_READ,
    ):
        match_person(PERSON, context)
    quiet(context)
    assert told(context).rematches[-1].photos == 2


def close(context: Context) -> None:
    close_case(caller(context.database), 1)


def expire(context: Context) -> None:
    """Nothing but time passes; the job's clock moves on."""


@pytest.mark.usefixtures("case_id")
@pytest.mark.parametrize("end", [close, expire])
def test_a_comparison_stores_nothing_once_its_case_is_no_longer_in_force(
    context: Context, plan: Plan, tmp_path: Path, end: Callable[[Context], None]
) -> None:
    passed = []

    def act(other: Context) -> None:
        passed.append(timedelta(days=2))  # the case is open for one
        end(other)

    job = replace(context, clock=lambda: utc_now() + sum(passed, timedelta()))
    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(job, act, after_writes=STALE_WAS_READ):
        match_person(PERSON, job)
    assert names(context) == []


@pytest.mark.usefixtures("case_id")
def test_a_clock_set_back_does_not_bring_an_expired_case_back(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    person = enrolled(context, plan, tmp_path, red=RED).person_id
    list_cases(caller(context.database, now=utc_now() + timedelta(days=2)))  # an entry in the log
    match_person(person, context)
    assert names(context) == []


@pytest.mark.usefixtures("case_id")
def test_a_recording_purged_while_it_is_compared_is_not_counted_as_compared(
    context: Context, plan: Plan, tmp_path: Path
) -> None:

    def purge(other: Context) -> None:
        purge_recordings(Caller(other.database, "uid:1", utc_now()), [1], other, ())

    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(context, purge, after_writes=STALE_WAS_READ):
        match_person(PERSON, context)
    quiet(context)
    assert [run.appearances for run in told(context).rematches] == [0]


@pytest.mark.usefixtures("case_id")
def test_two_jobs_for_one_person_at_once_equal_one(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(context, lambda other: match_person(PERSON, other), after_writes=STALE_WAS_READ):
        match_person(PERSON, context)
    assert len(told(context).rematches) == 1
    assert [one.kind for one in told(context).changes] == ["new", "new"]
    assert names(context) == [("Red", "red.png"), ("Red", "red.png")]


@pytest.mark.usefixtures("case_id")
def test_a_photo_added_and_withdrawn_within_a_second_leaves_nothing(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    def come_and_go(other: Context) -> None:
        now = caller(other.database).now
        enrolled(other, plan, tmp_path, green=GREEN)
        withdraw(caller(other.database, now=now), 1, "Red", "green.png")

    enrolled(context, plan, tmp_path, red=RED)
    with overtaken(context, come_and_go, after_writes=STALE_WAS_READ):
        match_person(PERSON, context)
    quiet(context)
    assert names(context) == [("Red", "red.png"), ("Red", "red.png")]
    assert told(context).rematches[-1].photos == 1
