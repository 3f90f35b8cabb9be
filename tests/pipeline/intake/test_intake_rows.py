"""What a watched folder leaves in the database, on both kinds of it."""

import shutil
from pathlib import Path

import pytest
from folder_watcher import Watcher, recording_path, taken
from snapshots import snapshot
from steps import find, open_case

from pipeline.context import Context
from pipeline.intake.intake import COPY, Refused
from pipeline.plan import Plan
from storage.jobs.recordings import Request
from storage.tables import Priority


@pytest.fixture
def watcher(tmp_path: Path, context: Context, plan: Plan) -> Watcher:
    return Watcher(tmp_path / "in", context, plan)


@pytest.fixture
def no_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on no file may be read."""

    def fail(*_: object) -> None:
        raise AssertionError("a file was read")

    monkeypatch.setattr("pipeline.intake.intake.read_footage", fail)


def test_a_copy_that_was_broken_off_is_refused_until_it_is_brought_to_its_end(
    watcher: Watcher, clip: Path
) -> None:
    whole, copy = clip.read_bytes(), watcher.folder / "gate.mp4"
    copy.write_bytes(whole[: len(whole) // 2])
    (event,) = watcher.settle()
    assert isinstance(event, Refused)
    assert watcher.refused == {"gate.mp4": event.reason}
    assert watcher.look(100) == []

    copy.write_bytes(whole)

    assert taken(*watcher.settle()) == ["gate.mp4"]
    assert watcher.refused == {}


def test_a_copy_takes_the_place_of_a_first_one_that_is_gone(watcher: Watcher, clip: Path) -> None:
    first = clip.rename(watcher.folder / "a.mp4")
    copy = Path(shutil.copy(first, watcher.folder / "b.mp4"))
    watcher.settle()

    first.unlink()
    (event,) = watcher.settle()

    assert recording_path(event, watcher.context) == copy
    assert watcher.refused == {}


def test_a_copy_of_footage_from_elsewhere_takes_its_place_after_a_restart(
    watcher: Watcher, clip: Path, plan: Plan
) -> None:
    find(clip, watcher.context, plan)
    copy = Path(shutil.copy(clip, watcher.folder / "b.mp4"))
    assert watcher.settle() == [Refused(str(copy), COPY)]

    clip.unlink()
    (event,) = Watcher(watcher.folder, watcher.context, plan).settle()

    assert recording_path(event, watcher.context) == copy


def test_what_is_known_is_not_read_again_after_a_restart(
    watcher: Watcher, clip: Path, plan: Plan, request: pytest.FixtureRequest
) -> None:
    shutil.copy(clip, watcher.folder / "a.mp4")
    shutil.copy(clip, watcher.folder / "copy of a.mp4")
    (watcher.folder / "text.mp4").write_text("no video at all\n" * 100)
    watcher.settle()
    before = snapshot(watcher.context.database)
    request.getfixturevalue("no_reading")

    again = Watcher(watcher.folder, watcher.context, plan)

    assert again.settle() == []
    assert again.watched.waiting == 0
    assert snapshot(watcher.context.database) == before


def test_a_refusal_goes_with_its_file(watcher: Watcher, clip: Path) -> None:
    text = watcher.folder / "text.mp4"
    text.write_text("no video at all\n" * 100)
    shutil.copy(clip, watcher.folder / "gate.mp4")
    watcher.settle()
    assert list(watcher.refused) == ["text.mp4"]

    text.unlink()
    watcher.look()

    assert watcher.refused == {}


def test_what_is_taken_is_asked_for_as_was_said_and_so_is_a_copy(
    watcher: Watcher, clip: Path, plan: Plan
) -> None:
    find(clip, watcher.context, plan)
    shutil.copy(clip, watcher.folder / "copy.mp4")
    (watcher.folder / "new.mp4").write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    case_id = open_case(watcher.context)
    request = Request(Priority.URGENT, case_id=case_id)

    Watcher(watcher.folder, watcher.context, plan, request=request).settle()

    rows = snapshot(watcher.context.database)
    assert [row["priority"] for row in rows["analysis"]] == [Priority.URGENT] * 2
    assert [row["case_id"] for row in rows["case_recording"]] == [case_id] * 2
