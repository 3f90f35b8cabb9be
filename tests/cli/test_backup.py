"""`nightreel backup` while workers are at work, and `nightreel restore` in another home."""

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from command_line import TERMS, Done, Nightreel, Up, unseen_copy, workers_running
from jobs_in import jobs_in
from painted import BLUE, RED, Stay, paint
from waiting import wait_until

from bench.chaos.digest import content
from settings import Settings
from storage.tables import State
from worker.resources import Resources

pytestmark = pytest.mark.timeout(900)  # on a busy machine
CASE = ("--case", "A-1")
CLIPS, SEGMENTS = 8, 64


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, red: str) -> Iterator[SimpleNamespace]:
    """A home that was backed up in the middle of its work, and one it was restored into; both went
    on to the end."""
    folder = tmp_path_factory.mktemp("backup")
    here, there = Nightreel(folder / "here"), Nightreel(folder / "there")
    with workers_running(here.with_settings(workers=2)):
        add(here, folder, red)
        wait_until(lambda: segments(here)["done"] > 2, seconds=120)
        before = segments(here)
        backup = here("backup", folder / "backup", "--json")
        wait_until(lambda: is_done(here), seconds=400)
    shutil.rmtree(here.home / "footage")
    restored = there("restore", folder / "backup", "--json")
    left = segments(there)
    kept = rows(there, "sighting")
    with workers_running(there.with_settings(workers=2)):
        wait_until(lambda: is_done(there), seconds=400)
    yield SimpleNamespace(
        here=here, there=there, folder=folder, before=before, backup=backup, restored=restored,
        left=left, kept=kept, red=red,
    )  # fmt: skip
    here.clean_up()
    there.clean_up()


def add(nightreel: Nightreel, folder: Path, red: str) -> None:
    """A case that looks for red, and eight recordings in the folder of uploaded footage."""
    name, _, photo = red.partition("=")
    clip = paint(folder / "yard.mp4", 80, Stay(RED, 0, 70), Stay(BLUE, 20, 30, x=200))
    footage = nightreel.home / "footage"
    footage.mkdir(mode=0o700)
    for number in range(CLIPS):
        copy = unseen_copy(clip, folder / f"{number}.mp4")
        copy.rename(footage / hashlib.sha256(copy.read_bytes()).hexdigest())
    assert nightreel("case", "open", "A-1", *TERMS).code == 0
    assert nightreel("enrol", name, photo, *CASE).code == 0
    done = nightreel("ingest", *sorted(footage.iterdir()), *CASE)
    assert done.code == 0, done


def rows(nightreel: Nightreel, table: str) -> set[tuple[Any, ...]]:
    with sqlite3.connect(nightreel.home / "nightreel.db", timeout=30) as database:
        found = set(database.execute(f"select * from {table}"))
    database.close()
    return found


def segments(nightreel: Nightreel) -> dict[str, int]:
    """How many segments there are in each state."""
    with sqlite3.connect(nightreel.home / "nightreel.db", timeout=30) as database:
        states = [state for (state,) in database.execute("select state from segment")]
    database.close()
    return {state.value: states.count(state) for state in State}


def is_done(nightreel: Nightreel) -> bool:
    """Whether all of its jobs are."""
    return {job.state for job in jobs_in(nightreel.home)} == {State.DONE}


def everything(nightreel: Nightreel) -> Any:
    mine = Resources(Settings(home=nightreel.home, engine="stub"))
    found = content(mine.database, mine.media)
    mine.database.dispose()
    return found


def hits(nightreel: Nightreel, red: str) -> set[tuple[Any, ...]]:
    """What a search finds; pictures of footage watched after the backup are sealed otherwise."""
    done = nightreel("search", red.partition("=")[2], *CASE, "--json")
    assert done.code == 0, done
    return {
        (recording["sha256"], one["start_ms"], one["end_ms"], one["distance"])
        for recording in done.document["recordings"]
        for one in recording["appearances"]
    }


def test_it_was_taken_while_more_than_fifty_segments_were_to_be_watched(
    run: SimpleNamespace,
) -> None:
    assert run.backup.code == 0, run.backup
    assert run.before["waiting"] + run.before["running"] >= 50
    assert run.backup.document["missing"] == []


def test_what_was_restored_is_what_was_there(run: SimpleNamespace) -> None:
    assert run.restored.code == 0, run.restored
    assert run.before["done"] <= run.left["done"] < SEGMENTS
    assert run.left["running"] == 0
    assert run.kept and run.kept <= rows(run.here, "sighting")
    assert run.restored.document["footage"] == CLIPS


def test_the_restored_home_ends_with_what_an_undisturbed_one_has(run: SimpleNamespace) -> None:
    assert everything(run.there) == everything(run.here)


def test_a_search_gives_the_same_in_both(run: SimpleNamespace) -> None:
    found = hits(run.there, run.red)
    assert found
    assert found == hits(run.here, run.red)


def test_the_audit_log_is_whole_in_the_restored_home(run: SimpleNamespace) -> None:
    assert run.restored.document["audit"]["broken"] is None
    done = run.there("audit", "verify", "--json")
    assert (done.code, done.document["broken"]) == (0, None)


def test_a_picture_opens_in_the_restored_home(run: SimpleNamespace, tmp_path: Path) -> None:
    assert run.there("report", *CASE, "-o", tmp_path / "report").code == 0
    assert "data:image/jpeg" in (tmp_path / "report" / "report.html").read_text()


def sentence(done: Done, code: int) -> str:
    assert (done.code, done.out) == (code, ""), done
    (line,) = done.said
    return line.removeprefix("nightreel: ")


def test_it_says_where_it_is_and_what_is_not_in_it(
    nightreel: Nightreel, clip: Path, tmp_path: Path
) -> None:
    assert nightreel("ingest", clip).code == 0
    done = nightreel("backup", tmp_path / "backup")
    assert done.code == 0
    assert f"Backup of {nightreel.home} as it was at " in done.out
    assert "recordings: 1." in done.out
    assert "It holds the keys" in done.err
    done = Nightreel(tmp_path / "other")("restore", tmp_path / "backup")
    assert done.code == 0
    assert "Then: nightreel up" in done.err


def test_a_home_in_which_nightreel_runs_is_not_restored_into(up: Up, tmp_path: Path) -> None:
    assert up.nightreel("backup", tmp_path / "backup").code == 0
    said = sentence(up.nightreel("restore", tmp_path / "backup"), 2)
    assert said.startswith(f"Nightreel runs in {up.nightreel.home};")


def test_what_is_no_backup_is_said(nightreel: Nightreel, tmp_path: Path) -> None:
    said = sentence(nightreel("restore", tmp_path), 2)
    assert said.endswith("is no backup, or one that was broken off: it has no manifest.json.")
    assert not nightreel.home.exists()


def test_settings_of_the_backup_are_in_force_where_it_is_restored(
    nightreel: Nightreel, tmp_path: Path, red: str
) -> None:
    name, _, photo = red.partition("=")
    key, file = tmp_path / "safe" / "master.key", nightreel.home / "nightreel.toml"
    nightreel.home.mkdir(mode=0o700)
    file.touch(mode=0o600)
    file.write_text(f'key_file = "{key}"\n')
    assert nightreel("case", "open", "A-1", *TERMS).code == 0
    assert nightreel("enrol", name, photo, *CASE).code == 0
    assert nightreel("backup", tmp_path / "backup").code == 0
    secret = key.read_bytes()
    key.unlink()
    other = Nightreel(tmp_path / "other")
    assert other("restore", tmp_path / "backup").code == 0
    assert key.read_bytes() == secret
    assert other("search", photo, *CASE, "--json").code == 0
