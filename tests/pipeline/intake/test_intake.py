"""Files come into a watched folder in every way there is; each is taken once, or refused once."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from folder_watcher import SETTLE_SECONDS, Watcher, recording_path, taken
from snapshots import snapshot
from sqlalchemy import Engine
from steps import outcome, watch_all

from errors import FootageVanished, StackTrouble
from footage.folder import LINK, NO_FILE
from pipeline.context import Context
from pipeline.intake.intake import COPY, Refused, Taken
from pipeline.plan import Plan
from storage.database.database import connect
from storage.jobs.recordings import Added, AlreadyKnown


@pytest.fixture
def database(sqlite_model: Path, tmp_path: Path) -> Iterator[Engine]:
    """SQLite only: what is tested here happens in folders."""
    engine = connect(f"sqlite:///{shutil.copy(sqlite_model, tmp_path / 'nightreel.db')}")
    yield engine
    engine.dispose()


@pytest.fixture
def watcher(tmp_path: Path, context: Context, plan: Plan) -> Watcher:
    return Watcher(tmp_path / "in", context, plan)


def test_a_file_that_was_moved_in_is_taken_once_it_has_settled(
    watcher: Watcher, clip: Path
) -> None:
    clip.rename(watcher.folder / "gate.mp4")

    assert watcher.look() == []
    assert watcher.look(SETTLE_SECONDS - 1) == []
    (event,) = watcher.look(1)

    assert isinstance(event, Taken)
    assert isinstance(event.footage, Added)
    assert watcher.look(100) == []
    assert watch_all(watcher.context) == [event.footage.analysis_id]


def test_a_file_that_is_copied_in_slowly_is_taken_when_it_is_whole(
    watcher: Watcher, clip: Path
) -> None:
    whole, copy = clip.read_bytes(), watcher.folder / "gate.mp4"
    for size in range(0, len(whole), len(whole) // 5):
        copy.write_bytes(whole[:size])
        assert watcher.look(SETTLE_SECONDS - 1) == []
    copy.write_bytes(whole)

    assert taken(*watcher.settle()) == ["gate.mp4"]
    assert watcher.refused == {}


def test_a_file_that_is_open_for_writing_is_left_alone(watcher: Watcher, clip: Path) -> None:
    with (watcher.folder / "gate.mp4").open("wb") as file:
        file.write(clip.read_bytes())
        file.flush()
        assert watcher.settle() == []

    assert taken(*watcher.look(1)) == ["gate.mp4"]


def test_a_file_that_is_written_while_it_is_read_is_read_again_later(
    watcher: Watcher, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.intake.ingest import read_footage

    def read_and_write(path: Path, *others: object) -> object:
        found = read_footage(path, *others)
        with path.open("ab") as file:
            file.write(b"\0\0\0\x08free")
        return found

    clip.rename(watcher.folder / "gate.mp4")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("pipeline.intake.intake.read_footage", read_and_write)
        assert watcher.settle() == []

    assert taken(*watcher.settle()) == ["gate.mp4"]
    assert len(snapshot(watcher.context.database)["recording"]) == 1


def test_a_download_is_taken_when_it_gets_its_name(watcher: Watcher, clip: Path) -> None:
    part = clip.rename(watcher.folder / "gate.mp4.part")
    assert watcher.settle() == []

    part.rename(watcher.folder / "gate.mp4")

    assert taken(*watcher.settle()) == ["gate.mp4"]


def test_a_file_renamed_before_it_was_taken_is_taken_once(watcher: Watcher, clip: Path) -> None:
    first = clip.rename(watcher.folder / "a.mp4")
    watcher.look()
    first.rename(watcher.folder / "b.mp4")

    assert watcher.look(SETTLE_SECONDS) == []
    assert taken(*watcher.look(SETTLE_SECONDS)) == ["b.mp4"]


def test_a_file_renamed_after_it_was_taken_is_found_by_its_bytes(
    watcher: Watcher, clip: Path
) -> None:
    first = clip.rename(watcher.folder / "a.mp4")
    (before,) = watcher.settle()
    renamed = first.rename(watcher.folder / "b.mp4")

    (after,) = watcher.settle()

    assert isinstance(before, Taken)
    assert isinstance(after, Taken)
    assert isinstance(after.footage, AlreadyKnown)
    assert after.footage.recording_id == before.footage.recording_id
    assert recording_path(after, watcher.context) == renamed
    assert watcher.refused == {}


def test_what_was_given_up_while_a_file_was_renamed_is_tried_again(
    watcher: Watcher, clip: Path
) -> None:
    first = clip.rename(watcher.folder / "a.mp4")
    (event,) = watcher.settle()
    assert isinstance(event, Taken)
    renamed = first.rename(watcher.folder / "b.mp4")
    for _ in range(3):
        watch_all(watcher.context)
    assert "no longer where" in outcome(event.footage.analysis_id, watcher.context).reasons[0]

    watcher.settle()
    watch_all(watcher.context)

    assert renamed.exists()
    assert outcome(event.footage.analysis_id, watcher.context).reasons == []


def test_two_files_that_swap_their_names_are_both_found_again(watcher: Watcher, clip: Path) -> None:
    a, b, aside = (watcher.folder / name for name in ("a.mp4", "b.mp4", ".aside"))
    shutil.copy(clip, a)
    b.write_bytes(clip.read_bytes() + b"\0\0\0\x08free")
    before = {recording_path(event, watcher.context): event for event in watcher.settle()}
    a.rename(aside), b.rename(a), aside.rename(b)

    after = {recording_path(event, watcher.context): event for event in watcher.settle()}

    ids = [{path: one.footage.recording_id for path, one in s.items()} for s in (before, after)]
    assert (ids[0][a], ids[0][b]) == (ids[1][b], ids[1][a])


def test_a_second_copy_is_refused_and_the_first_goes_on(watcher: Watcher, clip: Path) -> None:
    first = clip.rename(watcher.folder / "a.mp4")
    (event,) = watcher.settle()
    shutil.copy(first, watcher.folder / "b.mp4")

    assert watcher.settle() == [Refused(str(watcher.folder / "b.mp4"), COPY)]

    assert recording_path(event, watcher.context) == first
    assert watcher.refused == {"b.mp4": COPY}


def test_files_that_vanish_meanwhile_are_no_trouble(
    watcher: Watcher, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.intake.ingest import read_footage

    def read_what_is_gone(path: Path, *others: object) -> object:
        path.unlink()
        return read_footage(path, *others)

    clip.rename(watcher.folder / "gate.mp4")
    monkeypatch.setattr("pipeline.intake.intake.read_footage", read_what_is_gone)

    assert watcher.settle() == []
    assert watcher.settle() == []
    assert watcher.refused == {}


def test_a_folder_that_was_moved_in_is_taken_with_all_in_it(
    watcher: Watcher, clip: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "station"
    (outside / "hall").mkdir(parents=True)
    for number, place in enumerate(("east.mp4", "hall/west.mp4")):
        (outside / place).write_bytes(clip.read_bytes() + b"\0\0\0\x08free" * number)
    outside.rename(watcher.folder / "station")

    assert taken(*watcher.settle()) == ["east.mp4", "west.mp4"]


def test_what_is_no_footage_is_refused_and_stops_nothing(
    watcher: Watcher, clip: Path, tmp_path: Path
) -> None:
    folder = watcher.folder
    secret = clip.rename(tmp_path / "secret.mp4")
    (folder / "a link.mp4").symlink_to(secret)
    os.mkfifo(folder / "a pipe.mp4")
    (folder / "empty.mp4").touch()
    (folder / "playlist.mp4").write_text(f"#EXTM3U\n#EXTINF:1,\nfile://{secret}\n#EXT-X-ENDLIST\n")
    (folder / "text.mp4").write_text("no video at all\n" * 100)
    shutil.copy(secret, folder / "z.mp4")

    events = watcher.settle()

    assert taken(*events) == ["z.mp4"]
    assert len(events) == 6
    refused = watcher.refused
    assert (refused["a link.mp4"], refused["a pipe.mp4"]) == (LINK, NO_FILE)
    assert {"empty.mp4", "playlist.mp4", "text.mp4"} < set(refused)


@pytest.mark.parametrize("name", [b"two\nlines.mp4", b"caf\xe9.mp4", b"-y.mp4"])
def test_a_file_of_any_name_is_taken(watcher: Watcher, clip: Path, name: bytes) -> None:
    path = clip.rename(watcher.folder / os.fsdecode(name))

    (event,) = watcher.settle()

    assert recording_path(event, watcher.context) == path


def test_hundreds_of_known_files_cost_no_question_to_the_database(
    watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(300):
        (watcher.folder / f"{number}.txt").touch()
    watcher.settle()

    def fail(*_: object) -> None:
        raise AssertionError("the database was asked")

    monkeypatch.setattr("pipeline.intake.intake.reading", fail)
    assert watcher.settle() == []


def test_refusals_stay_while_the_folder_is_empty_for_it_may_not_be_mounted(
    watcher: Watcher, plan: Plan, tmp_path: Path
) -> None:
    (watcher.folder / "text.mp4").write_text("no video at all\n" * 100)
    watcher.settle()
    watcher.folder.rename(tmp_path / "unmounted")
    with pytest.raises(FootageVanished):
        watcher.look()
    watcher.folder.mkdir()

    assert watcher.look() == []
    assert Watcher(watcher.folder, watcher.context, plan).look() == []
    assert list(watcher.refused) == ["text.mp4"]


@pytest.mark.parametrize("attempts", [1, 2])
def test_what_may_not_be_the_files_fault_is_tried_again(
    watcher: Watcher, clip: Path, monkeypatch: pytest.MonkeyPatch, attempts: int
) -> None:
    clip.rename(watcher.folder / "gate.mp4")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("pipeline.intake.intake.remember", failing(OverflowError("gate.mp4")))
        for _ in range(attempts):
            assert watcher.settle() == []

    assert taken(*watcher.settle()) == ["gate.mp4"]


def test_what_fails_every_time_is_refused_and_stops_nothing(
    watcher: Watcher, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip.rename(watcher.folder / "gate.mp4")
    (watcher.folder / "text.mp4").write_text("no video at all\n" * 100)
    monkeypatch.setattr("pipeline.intake.intake.remember", failing(OverflowError("gate.mp4")))

    events = [event for _ in range(5) for event in watcher.settle()]

    assert [Path(event.path).name for event in events] == ["text.mp4", "gate.mp4"]
    assert "OverflowError" in watcher.refused["gate.mp4"]


def test_without_a_decoder_nothing_is_refused(
    watcher: Watcher, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip.rename(watcher.folder / "gate.mp4")
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(
            "pipeline.intake.intake.read_footage", failing(StackTrouble("No ffmpeg."))
        )
        with pytest.raises(StackTrouble):
            watcher.settle()

    assert watcher.refused == {}
    assert taken(*watcher.look()) == ["gate.mp4"]


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def test_nothing_in_the_folder_is_changed(watcher: Watcher, clip: Path) -> None:
    shutil.copy(clip, watcher.folder / "gate.mp4")
    (watcher.folder / "text.mp4").write_text("no video at all\n" * 100)
    before = {path: path.stat().st_ctime_ns for path in [watcher.folder, *watcher.folder.iterdir()]}

    assert len(watcher.settle()) == 2

    after = {path: path.stat().st_ctime_ns for path in [watcher.folder, *watcher.folder.iterdir()]}
    assert after == before
