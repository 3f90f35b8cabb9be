"""A search by photos over footage that was watched, from the case to what came close."""

from datetime import timedelta
from pathlib import Path

import pytest
from callers import caller
from painted import BLUE, GREEN, RED, paint_photo
from steps import find, open_case

from errors import NotAuthorised, UnusablePhoto
from pipeline.act import Caller
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.purge import purge_bystanders
from pipeline.people.search import Answer, Question, search
from pipeline.plan import Plan
from storage.database.database import writing
from storage.results.reach import Unsearched
from storage.tables import CaseRecording

HERE = Question(1)


def ask(
    context: Context, *photos: Path, question: Question = HERE, days_later: float = 0
) -> Answer:
    engine = context.engine_for(Plan(engine="stub"))
    now = utc_now() + timedelta(days=days_later)
    return search(caller(context.database, now=now), photos, question, engine=engine)


def test_who_was_seen_is_found_by_a_photo(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    blurred, red = tmp_path / "no-picture.png", paint_photo(tmp_path / "red.png", RED)
    blurred.write_bytes(b"nothing")
    answer = ask(context, blurred, red)
    ((hit,),) = answer.by_recording()
    assert (hit.seen.recording, hit.seen.start_ms, hit.seen.end_ms) == ("gate.mp4", 1000, 4500)
    assert hit.photo == "red.png"
    assert hit.distance <= answer.card.threshold
    assert context.media.read(hit.seen.crops[0])
    assert answer.reach.searched.recordings == 1
    assert not answer.cut_off


def test_a_photo_of_somebody_else_finds_nobody(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    assert ask(context, paint_photo(tmp_path / "blue.png", BLUE)).hits == []


def test_of_several_photos_the_closest_counts(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    photos = [paint_photo(tmp_path / f"{c}.png", c) for c in (GREEN, RED, BLUE)]
    assert [hit.photo for hit in ask(context, *photos).hits] == [photos[1].name]


def test_without_a_case_in_force_no_photo_is_even_opened(context: Context, tmp_path: Path) -> None:
    open_case(context)
    with pytest.raises(NotAuthorised, match="expired"):
        ask(context, tmp_path / "missing.png", days_later=2)
    with pytest.raises(NotAuthorised, match="No such case"):
        ask(context, tmp_path / "missing.png", question=Question(99))


def test_a_photo_of_nobody_says_why_it_cannot_be_used(context: Context, tmp_path: Path) -> None:
    open_case(context)
    with pytest.raises(UnusablePhoto, match=r"nobody\.png: No face was found"):
        ask(context, paint_photo(tmp_path / "nobody.png"))


def test_a_case_with_footage_searches_no_other_unless_asked_to(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    case_id, red = open_case(context), paint_photo(tmp_path / "red.png", RED)
    find(clip, context, plan)
    other = tmp_path / "other.mp4"
    other.write_bytes(clip.read_bytes() + bytes(8))
    find(other, context, plan)
    assert len(ask(context, red).by_recording()) == 2
    with writing(context.database) as session:
        session.add(CaseRecording(case_id=case_id, recording_id=1))
    bound = ask(context, red)
    assert [hit.seen.recording_id for hit in bound.hits] == [1]
    assert bound.reach.not_searched[Unsearched.OUTSIDE_CASE].recordings == 1
    assert len(ask(context, red, question=Question(1, everything=True)).by_recording()) == 2


def test_the_answer_says_that_more_came_close_than_it_shows(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    find(clip, context, Plan(engine="stub", max_segment_seconds=3))
    red = paint_photo(tmp_path / "red.png", RED)
    answer = ask(context, red, question=Question(1, limit=1))
    assert (len(answer.hits), answer.cut_off) == (1, True)
    assert answer.reach.searched.recordings == 1


def test_footage_whose_bystanders_were_erased_counts_as_not_searched(
    context: Context, plan: Plan, clip: Path, tmp_path: Path
) -> None:
    open_case(context)
    find(clip, context, plan)
    later = Caller(context.database, "uid:0", utc_now() + timedelta(hours=1))
    purge_bystanders(later, 0, context, ())
    answer = ask(context, paint_photo(tmp_path / "red.png", RED))
    assert answer.hits == []
    assert answer.reach.not_searched[Unsearched.ERASED].recordings == 1
