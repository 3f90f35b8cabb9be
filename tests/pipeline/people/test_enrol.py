from pathlib import Path

from painted import BLUE, RED, paint_photo
from snapshots import snapshot
from steps import enrol, open_case

from pipeline.context import Context
from pipeline.plan import Plan
from storage.cases.references import references
from storage.database.database import reading


def test_enrolling_twice_equals_once(tmp_path: Path, context: Context, plan: Plan) -> None:
    photos = [paint_photo(tmp_path / "red.png", RED), paint_photo(tmp_path / "nobody.png")]
    case_id = open_case(context)
    first = enrol("Red", photos, case_id, context, plan)
    once = snapshot(context.database)

    again = enrol("Red", photos, case_id, context, plan)

    assert again.person_id == first.person_id
    assert snapshot(context.database) == once


def test_refused_photos_are_remembered_with_their_verdict(
    tmp_path: Path, context: Context, plan: Plan
) -> None:
    photos = [paint_photo(tmp_path / "two.png", RED, BLUE), paint_photo(tmp_path / "red.png", RED)]

    enrolled = enrol("Red", photos, open_case(context), context, plan)

    assert [one.usable for one in enrolled.portraits] == [False, True]
    with reading(context.database) as session:
        refused, good = references(session, enrolled.person_id)
    assert refused.verdict == "It shows 2 faces; crop it to one person."
    assert refused.crop is None
    assert good.verdict == "good"
    assert good.crop is not None
    assert context.media.read(good.crop).startswith(b"\xff\xd8")


def test_a_photo_that_is_not_there_is_a_verdict_and_leaves_no_row(
    tmp_path: Path, context: Context, plan: Plan
) -> None:
    photos = [tmp_path / "missing.png", paint_photo(tmp_path / "red.png", RED)]

    enrolled = enrol("Red", photos, open_case(context), context, plan)

    assert enrolled.portraits[0].verdict == "It cannot be read: no such file or directory."
    with reading(context.database) as session:
        assert [one.photo_name for one in references(session, enrolled.person_id)] == ["red.png"]
