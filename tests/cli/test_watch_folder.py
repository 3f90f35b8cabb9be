"""`nightreel watch` and `nightreel refused`, on real folders."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from command_line import Done, Nightreel, ended
from jobs_in import jobs_in, refused_in
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


def test_what_lies_there_is_taken_or_listed_with_its_reason(
    watching: Nightreel, folder: Path, clip: Path
) -> None:
    name = os.fsdecode(b"caf\xe9\n.mp4")
    (folder / name).write_text("no video at all\n" * 100)
    clip.rename(folder / "gate.mp4")

    done = watching("watch", "--once", "--json")

    text, gate = lines(done)
    assert (done.code, gate["name"], gate["job"], gate["refused"]) == (3, "gate.mp4", 1, None)
    (listed,) = watching("refused", "--json").document
    assert (listed["name"], listed["reason"]) == (r"caf\xe9\n.mp4", text["refused"])
    assert listed["path"] == rf"{folder}/caf\xe9\n.mp4"


def test_a_folder_that_can_only_be_read_is_watched_until_ctrl_c(
    watching: Nightreel, folder: Path, clip: Path
) -> None:
    """What may not be read in it is taken as soon as it may."""
    closed = folder / "closed"
    closed.mkdir()
    gate = clip.rename(folder / "gate.mp4")
    gate.chmod(0), closed.chmod(0), folder.chmod(0o500)
    before = POWERLESS if os.geteuid() == 0 else ()
    process = watching.start("watch", folder, "--json", before=before)
    wait_until(lambda: refused_in(watching.home) == {"closed", "gate.mp4"})
    gate.chmod(0o600), closed.chmod(0o700)
    wait_until(lambda: jobs_in(watching.home) and not refused_in(watching.home))

    process.send_signal(signal.SIGINT)
    done = ended(process)
    folder.chmod(0o700)  # so that it can be cleaned up

    assert done.code == 130
    assert [(one["name"], one["refused"]) for one in lines(done)] == [
        ("closed", UNREADABLE),
        ("gate.mp4", UNREADABLE),
        ("gate.mp4", None),
    ]
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("name", "well", "detail"),
    [
        ("in", True, "in, 1 in it"),
        ("nowhere", False, "restore it"),
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
