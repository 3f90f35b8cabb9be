"""A photo is added or withdrawn: what is stored is compared again, and the difference kept."""

from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from decided import LIKE_RED, decide_on_everything
from painted import GREEN, RED, Stay, paint, paint_photo
from snapshots import WHEN_ASKED, snapshot
from sqlmodel import select
from steps import enrol, find, open_case

from errors import WrongUsage
from pipeline.analysis.rematch import match_people, match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.people.withdraw import withdraw
from pipeline.plan import Plan
from storage.cases import case_terms
from storage.cases.gallery import gallery
from storage.cases.references import WITHDRAWN
from storage.database.database import reading, writing
from storage.results.candidates import candidates
from storage.results.changes import Changes, changes
from storage.results.comparisons import stale
from storage.tables import Reference


@pytest.fixture
def case_id(context: Context, plan: Plan, tmp_path: Path) -> int:
    """A case, and footage in which red and green were seen."""
    stays = [Stay(RED, 0, 2), Stay(GREEN, 2, 4, x=190)]
    find(paint(tmp_path / "gate.mp4", 4, *stays), context, plan)
    return open_case(context)


def photo(folder: Path, colour: tuple[int, int, int], name: str = "") -> Path:
    return paint_photo(folder / (name or f"{colour[1]}.png"), colour)


def told(context: Context, case_id: int, since: int | None = None) -> Changes:
    with reading(context.database) as session:
        return changes(session, case_id, engine="stub", since=since)


def kinds(found: Changes) -> list[tuple[int, str, bool]]:
    return [(one.seen.appearance_id, one.kind, one.look_again) for one in found.changes]


def test_the_first_photo_brings_what_is_new_and_says_what_was_compared(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, RED)], case_id, context, plan).person_id
    assert told(context, case_id).rematches == []
    match_person(person, context)
    decide_on_everything(context)
    found = told(context, case_id)
    (run,) = found.rematches
    assert (run.cause, run.actor, run.photos, run.appearances) == ("added", "uid:1", 1, 2)
    assert (run.threshold, run.weights_sha256) == (0.75, context.engine_for(plan).weights_sha256)
    assert kinds(found) == [(1, "new", False)]


def test_another_photo_says_what_is_new_and_what_moved(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, LIKE_RED, "old.png")], case_id, context, plan).person_id
    match_person(person, context)
    decide_on_everything(context)
    photos = [photo(tmp_path, RED, "new.png"), photo(tmp_path, GREEN, "green.png")]
    enrol("Red", photos, case_id, context, plan)
    match_person(person, context)
    found = told(context, case_id)
    assert [run.photos for run in found.rematches] == [3]
    assert sorted(kinds(found)) == [(1, "moved", True), (2, "new", False)]
    moved = next(one for one in found.changes if one.kind == "moved")
    assert (moved.reference_before, moved.reference_after) == ("old.png", "new.png")
    assert moved.before and moved.after and moved.after.distance < moved.before.distance


def test_a_withdrawn_photo_takes_what_only_it_had_found_and_leaves_the_rest_to_the_others(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    photos = [photo(tmp_path, LIKE_RED, "stays.png"), photo(tmp_path, RED, "goes.png")]
    photos += [photo(tmp_path, GREEN, "stranger.png")]
    person = enrol("Red", photos, case_id, context, plan).person_id
    match_person(person, context)
    decide_on_everything(context)
    for name in ("goes.png", "stranger.png"):
        withdraw(caller(context.database, "uid:7"), case_id, "Red", name)
    with reading(context.database) as session:
        assert list(stale(session, utc_now())) == [person]
        kept = {one.photo_name: one for one in session.exec(select(Reference))}
    gone = kept["goes.png"]
    assert (gone.sealed_vector, gone.key_id, gone.crop) == (None, None, None)
    assert kept["goes.png"].verdict == WITHDRAWN
    match_person(person, context)
    found = told(context, case_id)
    assert [(run.cause, run.actor, run.photos) for run in found.rematches] == [
        ("withdrawn", "uid:7", 1)
    ]
    assert kinds(found) == [(1, "moved", True), (2, "gone", True)]
    with reading(context.database) as session:
        assert [one.reference for one in candidates(session)] == ["stays.png"]
        assert list(stale(session, utc_now())) == []


def test_all_that_changed_since_a_run_is_told_together(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, RED, "red.png")], case_id, context, plan).person_id
    match_person(person, context)
    enrol("Red", [photo(tmp_path, GREEN, "green.png")], case_id, context, plan)
    match_person(person, context)
    withdraw(caller(context.database), case_id, "Red", "green.png")
    match_person(person, context)
    assert kinds(told(context, case_id)) == [(2, "gone", False)]
    assert kinds(told(context, case_id, since=1)) == []
    assert kinds(told(context, case_id, since=0)) == [(1, "new", False)]


def test_comparing_again_twice_equals_once(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, RED)], case_id, context, plan).person_id
    match_person(person, context)
    once = snapshot(context.database, without=WHEN_ASKED)
    enrol("Red", [photo(tmp_path, RED)], case_id, context, plan)
    match_people([person], context)
    assert snapshot(context.database, without=WHEN_ASKED) == once


def test_a_withdrawn_photo_is_searched_with_no_more_even_where_the_case_has_expired(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, RED, "red.png")], case_id, context, plan).person_id
    enrol("Green", [photo(tmp_path, GREEN)], case_id, context, plan)
    match_people([person, person + 1], context)
    with writing(context.database) as session:
        case_terms.close_case(session, case_id, utc_now() - timedelta(seconds=1))
    withdraw(caller(context.database), case_id, "Red", "red.png")
    match_people([person, person + 1], context)
    with reading(context.database) as session:
        assert [one.person for one in candidates(session)] == ["Green"]
        assert list(stale(session, utc_now())) == []


def test_a_photo_may_be_withdrawn_by_its_file_its_name_or_its_sha256(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    photos = [photo(tmp_path, RED, "a.png"), photo(tmp_path, GREEN, "b.png")]
    photos += [photo(tmp_path, LIKE_RED, "c.png")]
    portraits = enrol("Red", photos, case_id, context, plan).portraits
    for meant in (str(photos[0]), "b.png", portraits[2].sha256[:12].upper()):
        withdraw(caller(context.database), case_id, "Red", meant)
    with reading(context.database) as session:
        assert (
            gallery(session, keys=context.media.keys, engine="stub", now=utc_now()).reference_ids
            == []
        )
    with pytest.raises(WrongUsage, match="No photo in use is called that; name one of: none"):
        withdraw(caller(context.database), case_id, "Red", "b.png")
    with pytest.raises(WrongUsage, match="no person of interest of that name"):
        withdraw(caller(context.database), case_id, "Blue", "b.png")


def test_two_photos_of_one_name_are_told_apart_by_their_sha256(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    for colour in (RED, GREEN):
        enrol("Red", [photo(tmp_path, colour, "photo.png")], case_id, context, plan)
    with pytest.raises(WrongUsage, match="Several photos are called that"):
        withdraw(caller(context.database), case_id, "Red", "photo.png")


def test_a_photo_that_was_withdrawn_can_be_added_again(
    context: Context, plan: Plan, case_id: int, tmp_path: Path
) -> None:
    person = enrol("Red", [photo(tmp_path, RED, "red.png")], case_id, context, plan).person_id
    match_person(person, context)
    withdraw(caller(context.database), case_id, "Red", "red.png")
    match_person(person, context)
    enrol("Red", [photo(tmp_path, RED, "red.png")], case_id, context, plan)
    match_person(person, context)
    assert kinds(told(context, case_id)) == [(1, "new", False)]
