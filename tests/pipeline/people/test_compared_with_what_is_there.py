"""What goes, and what another engine embeds, leaves ranks, coverage and distances that hold.

Not tested here, since it needs PostgreSQL with pgvector and dead rows: `pgvector._of_photo` takes
fewer rows than asked for as proof that there are no more (`is_all = len(ids) < number`). HNSW
reads at most `hnsw.ef_search` entries of the index and drops those whose rows are dead, so after a
purge and before a VACUUM it returns fewer although living rows within the threshold remain. The
test belongs to tests/storage/vectors/test_pgvector.py: purge the closest recordings of its archive
(autovacuum off), then `nearest` must equal the exact ranking.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from decided import LIKE_RED, SEEN
from painted import GREEN, RED, Stay, paint, paint_photo
from quiet import found, names, quiet
from rows import add_accounts
from steps import enrol, find, open_case, watch_all

from errors import ModelUnavailable
from faces.adjusted import adjusted
from faces.engine import FaceEngine
from faces.engines.stub import StubEngine
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.migrate import migrate
from pipeline.analysis.rematch import match_people, match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import purge_bystanders, purge_recordings
from pipeline.people.compare import Comparison, compare
from pipeline.people.enrol import enrol_person
from pipeline.people.portraits import Kept
from pipeline.people.thresholds import effect
from pipeline.plan import Plan
from pipeline.planning.control import Selection, forget
from storage.cases.scope import EVERYWHERE
from storage.database.database import reading, writing
from storage.results.candidates import places
from storage.results.changes import changes
from storage.results.reach import Unsearched, reach
from storage.results.verdicts import Decision, Key, give
from storage.tables import Appearance

CASE, PERSON = 1, 1
OTHER = StubEngine(40, circles=3)
"""Engine `stub:3`."""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """Red, then green."""
    return paint(tmp_path / "gate.mp4", 4, Stay(RED, 0, 2), Stay(GREEN, 2, 4, x=190))


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    """Somebody much like red."""
    return paint(tmp_path / "yard.mp4", 3, Stay(LIKE_RED, 0, 2))


@pytest.fixture
def both(make_tools: Callable[..., Context]) -> Context:
    """With the engines `stub` and `stub:3`."""

    def engine_for(plan: Plan) -> FaceEngine:
        return OTHER if plan.engine == OTHER.card.name else StubEngine(plan.min_face_px)

    return replace(make_tools(), engine_for=engine_for)


def enrolled(context: Context, plan: Plan, folder: Path, **photos: tuple[int, int, int]) -> int:
    """Red, with photos of these names and colours; returns the id of the person."""
    paths = [paint_photo(folder / f"{name}.png", colour) for name, colour in photos.items()]
    return enrol("Red", paths, CASE, context, plan).person_id


def purge_first_recording(context: Context) -> None:
    """As `purge --recording` does."""
    purge_recordings(caller(context.database), [1], context, ())


def forget_first_recording(context: Context) -> None:
    """As `jobs forget` does."""
    forget(caller(context.database), Selection(jobs=[1]))


@pytest.mark.parametrize("remove", [purge_first_recording, forget_first_recording])
def test_ranks_begin_at_one_after_the_closest_recording_is_gone(
    gate: Path,
    yard: Path,
    tmp_path: Path,
    context: Context,
    plan: Plan,
    remove: Callable[[Context], None],
) -> None:
    open_case(context)
    match_person(enrolled(context, plan, tmp_path, red=RED), context)
    for path in (gate, yard):
        find(path, context, plan)
    assert [row.rank for row in found(context.database)] == [1, 2]
    remove(context)
    quiet(context)
    assert [row.rank for row in found(context.database)] == [1]


def test_a_photo_that_moves_nothing_is_not_said_to_have_moved_what_a_purge_moved(
    gate: Path, yard: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    match_person(enrolled(context, plan, tmp_path, red=RED), context)
    for path in (gate, yard):
        find(path, context, plan)
    purge_first_recording(context)
    quiet(context)
    match_person(enrolled(context, plan, tmp_path, green=GREEN), context)
    with reading(context.database) as session:
        assert changes(session, CASE, engine="stub").changes == []


def test_footage_whose_bystanders_were_purged_is_not_fully_searched_by_another_engine(
    gate: Path, tmp_path: Path, both: Context, plan: Plan
) -> None:
    open_case(both)
    enrolled(both, plan, tmp_path, red=RED)
    find(gate, both, plan)
    in_100_days = utc_now() + timedelta(days=100)
    gone = purge_bystanders(Caller(both.database, "uid:1", in_100_days), 90, both, ())
    assert gone.rows["appearance"] == 1
    asks = caller(both.database)
    asked = migrate(asks, OTHER, case_id=None, context=both, current="stub")
    watch_all(both)
    for analysis in asked.analyses:
        match_analysis(analysis, both)
    with reading(both.database) as session:
        covered = reach(session, engine=OTHER.card.name, scope=EVERYWHERE)
    assert (covered.searched.recordings, list(covered.not_searched)) == (0, [Unsearched.ERASED])


def test_an_engine_that_is_unavailable_does_not_stop_a_person_s_other_engines(
    gate: Path, tmp_path: Path, both: Context, plan: Plan
) -> None:
    open_case(both)
    find(gate, both, replace(plan, engine=OTHER.card.name))
    enrolled(both, plan, tmp_path, red=RED)
    photo = paint_photo(tmp_path / "red.png", RED)
    enrol_person(caller(both.database), CASE, "Red", [photo], engine=OTHER, context=both)

    def only_other(plan: Plan) -> FaceEngine:
        if plan.engine != OTHER.card.name:
            raise ModelUnavailable("Its weights are missing.")
        return OTHER

    with suppress(ModelUnavailable):
        match_people([PERSON], replace(both, engine_for=only_other))
    with reading(both.database) as session:
        assert len(places(session, [PERSON], engine=OTHER.card.name)[PERSON]) == 1


def reviewed(context: Context) -> Comparison:
    """What `models compare` says about the engine in use."""
    with reading(context.database) as session:
        card = StubEngine.card
        return compare(session, [CASE], card, card, keys=context.media.keys)


@pytest.mark.parametrize("what", ["distance", "threshold"])
def test_a_crop_that_became_a_reference_is_not_compared_with_itself(
    gate: Path, tmp_path: Path, context: Context, plan: Plan, what: str
) -> None:
    open_case(context)
    find(gate, context, plan)
    match_person(enrolled(context, plan, tmp_path, like=LIKE_RED), context)
    with writing(context.database) as session:
        add_accounts(session, 1)
        for appearance, said in ((1, Decision.SAME), (2, Decision.DIFFERENT)):
            key = Key(PERSON, appearance)
            give(session, key, account_id=1, decision=said, seen=SEEN, now=utc_now())
        crop = context.media.read(session.get_one(Appearance, 1).crops[0])
    before = reviewed(context)
    promoted = [Kept("appearance 1", crop, appearance_id=1)]
    engine, asks = context.engine_for(plan), caller(context.database)
    enrol_person(asks, CASE, "Red", promoted, engine=engine, context=context)
    after = reviewed(context)
    if what == "distance":
        assert after.reviewed[0].after.distance == before.reviewed[0].after.distance
    else:
        assert after.suggestion == before.suggestion


def test_the_same_photo_under_another_name_keeps_its_candidates(
    gate: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    find(gate, context, plan)
    match_person(enrolled(context, plan, tmp_path, red=RED), context)
    enrolled(context, plan, tmp_path, renamed=RED)
    assert [person for person, _ in names(context)] == ["Red"]


def test_a_candidate_exactly_at_the_threshold_is_within_it(
    gate: Path, tmp_path: Path, context: Context, plan: Plan
) -> None:
    open_case(context)
    find(gate, context, plan)
    colours = [(225, green, 30) for green in range(40, 80, 2)]
    engine = StubEngine()
    for colour in colours:
        photo = paint_photo(tmp_path / f"{colour[1]}.png", colour)
        enrol(f"Red {colour[1]}", [photo], CASE, context, plan)
    match_people(range(1, len(colours) + 1), context)
    row = next(row for row in found(context.database) if row.distance > round(row.distance, 6))
    strict = adjusted(engine, round(row.distance, 6))
    match_people([row.person_id], replace(context, engine_for=lambda _: strict))
    with writing(context.database) as session:
        add_accounts(session, 1)
        give(session, row.key, account_id=1, decision=Decision.SAME, seen=SEEN, now=utc_now())
    at_threshold = [one.key for one in found(context.database)]
    assert row.key in at_threshold
    told = effect(caller(context.database), strict.card, 0.9, keys=context.media.keys)
    assert told.before.same == 1
