"""`nightreel purge`: what is erased, what is printed, and what is refused."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Nightreel
from painted import RED, Stay, paint, paint_photo

DARKER = 205, 40, 30
"""Of the photo: engine `stub` would give the same colour the same vector, which then stays."""


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nightreel]:
    """A home in which red was found in `gate.mp4`, of a case that is still in force."""
    folder = tmp_path_factory.mktemp("purging")
    nightreel = Nightreel(folder / "home")
    clip = paint(folder / "gate.mp4", 4, Stay(RED, 1, 3))
    photo = paint_photo(folder / "red.png", DARKER)
    done = nightreel("process", clip, "--person", f"Red={photo}", "--json")
    assert done.code == 0, done.err
    yield nightreel
    nightreel.clean_up()


def case_of(nightreel: Nightreel) -> str:
    return str(nightreel("case", "list", "--json").document[0]["reference"])


def test_a_case_in_force_is_refused_and_kept(worked: Nightreel) -> None:
    done = worked("purge", "--case", case_of(worked), "--yes")
    assert done.code == 2
    assert "has not ended; close it first" in done.err


def test_nothing_is_erased_without_a_yes(worked: Nightreel) -> None:
    done = worked("purge", "--recording", "gate.mp4")
    assert done.code == 1
    assert "cannot be restored" in done.err
    assert worked("jobs", "list", "--json").document


def test_a_recording_that_is_not_there_is_said_so(worked: Nightreel) -> None:
    done = worked("purge", "--recording", "roof.mp4", "--yes")
    assert (done.code, "No recording roof.mp4" in done.err) == (2, True)


@pytest.mark.parametrize("options", [[], ["--due", "--recording", "x"], ["--person", "Red"]])
def test_what_is_to_be_erased_is_said_once(worked: Nightreel, options: list[str]) -> None:
    assert worked("purge", *options).code == 2


def test_a_recording_is_erased_with_a_certificate(worked: Nightreel, tmp_path: Path) -> None:
    copy = tmp_path / "certificate.json"
    done = worked("purge", "--recording", "gate.mp4", "--yes", "-o", copy)
    assert done.code == 0, done.err
    assert "no remnant found" in done.out
    certificate = json.loads(copy.read_text())
    assert certificate["proven"]
    assert certificate["rows"]["recording"] == 1
    assert certificate["looked_for"] > 0
    (kept,) = (worked.home / "certificates").iterdir()
    assert kept.read_text() == copy.read_text()
    assert worked("jobs", "list", "--json").document == []


def test_where_nothing_is_due_nothing_is_erased(worked: Nightreel) -> None:
    done = worked("purge", "--due", "--yes")
    assert (done.code, done.out.strip()) == (0, "Nothing is due for purging.")
