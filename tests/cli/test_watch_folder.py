"""`nightreel watch` and `nightreel refused`, on real folders."""

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from command_line import Done, Nightreel, ended, unseen_copy
from jobs_in import jobs_in
from waiting import wait_until

from cli.doctor import _carefully as look_carefully
from cli.doctor import _watched_folder
from footage.folder import UNREADABLE
from worker.resources import resources

POWERLESS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")
"""Root reads everything unless it has given that power away."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.fixture
def watching(nightreel: Nightreel, folder: Path) -> Nightreel:
    """Settings that name the folder."""
    return nightreel.with_settings(watch_folder=folder, settle_seconds=1)


def lines(done: Done) -> list[Any]:
    """One JSON object a line."""
    return [json.loads(line) for line in done.out.splitlines()]


def test_what_is_refused_is_listed_with_its_reason_until_it_can_be_taken(
    watching: Nightreel, folder: Path, clip: Path
) -> None:
    name = os.fsdecode(b"caf\xe9\n.mp4")
    (folder / name).write_text("no video at all\n" * 100)
    (folder / "closed").mkdir()
    gate = clip.rename(folder / "gate.mp4")
    gate.chmod(0), (folder / "closed").chmod(0)
    before = POWERLESS if os.geteuid() == 0 else ()

    refused = watching("watch", "--once", "--json", before=before)
    gate.chmod(0o600), (folder / "closed").chmod(0o700)
    taken = watching("watch", "--once", "--json", before=before)

    assert (refused.code, taken.code) == (3, 0)
    text, closed, unreadable = lines(refused)
    assert (closed["name"], unreadable["name"]) == ("closed", "gate.mp4")
    assert closed["refused"] == unreadable["refused"] == UNREADABLE
    assert [(one["name"], one["job"]) for one in lines(taken)] == [("gate.mp4", 1)]
    (listed,) = watching("refused", "--json").document
    assert (listed["name"], listed["reason"]) == (r"caf\xe9\n.mp4", text["refused"])
    assert listed["path"] == rf"{folder}/caf\xe9\n.mp4"


def test_a_folder_that_can_only_be_read_is_watched_until_ctrl_c(
    watching: Nightreel, folder: Path, clip: Path
) -> None:
    shutil.copy(clip, folder / "first.mp4")
    folder.chmod(0o500)
    process = watching.start("watch", folder, "--json")
    wait_until(lambda: jobs_in(watching.home))
    folder.chmod(0o700)
    unseen_copy(clip, folder / ".second").rename(folder / "second.mp4")
    wait_until(lambda: len(jobs_in(watching.home)) == 2)

    process.send_signal(signal.SIGINT)
    done = ended(process)

    assert (done.code, [one["name"] for one in lines(done)]) == (130, ["first.mp4", "second.mp4"])
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("name", "well", "detail"),
    [
        ("in", True, "in, 1 in it"),
        ("nowhere", False, "bring it back"),
        ("home", False, "home folder"),
    ],
)
def test_doctor_looks_at_the_watched_folder(
    monkeypatch: pytest.MonkeyPatch, folder: Path, name: str, well: bool, detail: str
) -> None:
    (folder / "gate.mp4").touch()
    monkeypatch.setenv("NIGHTREEL_HOME", str(folder.with_name("home")))
    monkeypatch.setenv("NIGHTREEL_WATCH_FOLDER", str(folder.with_name(name)))
    resources.cache_clear()

    (finding,) = look_carefully(_watched_folder)

    resources.cache_clear()
    assert (finding.what, finding.well) == ("watched folder", well)
    assert detail in finding.detail
