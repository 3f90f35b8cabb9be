"""The main job in one command, with services of its own or those of a running stack."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import Nightreel, Up, ended, unseen_copy
from painted import BLUE, RED, Stay, paint, paint_photo

from report.columns import CANDIDATE
from worker.stack_info import running, services_alive

SHAPE = {
    "recordings": {"name", "sha256", "duration_ms", "state", "cut_by", "coverage"},
    "coverage": {"decoded_ms", "sampled_frames", "faces", "appearances", "gaps"},
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, red: str) -> SimpleNamespace:
    """One run over 22 s of footage in an empty home: `nightreel`, `done`, `report`."""
    folder = tmp_path_factory.mktemp("whole")
    nightreel = Nightreel(folder / "home")
    clip = paint(
        folder / "yard.mp4", 22, Stay(RED, 1, 14), Stay(BLUE, 5, 9, x=200), Stay(RED, 18, 21)
    )
    done = nightreel("process", clip, "--person", red, "--json", "--report", folder / "report")
    return SimpleNamespace(nightreel=nightreel, done=done, report=folder / "report" / "report.html")


def test_it_ends_well_and_prints_nothing_but_the_document(whole: SimpleNamespace) -> None:
    assert whole.done.code == 0
    assert set(whole.done.document) == {"recordings", "candidates", "same_footage", "compared"}
    assert whole.done.said == [f"Report: {whole.report}"]


def test_the_document_has_the_promised_shape(whole: SimpleNamespace) -> None:
    (recording,), candidates = whole.done.document["recordings"], whole.done.document["candidates"]
    assert set(recording) == SHAPE["recordings"]
    assert set(recording["coverage"]) == SHAPE["coverage"]
    assert [[*one] for one in candidates] == [[one.name for one in CANDIDATE]] * 2


def test_the_recording_was_watched_as_a_whole(whole: SimpleNamespace) -> None:
    (recording,) = whole.done.document["recordings"]
    assert (recording["name"], recording["state"]) == ("yard.mp4", "done")
    assert recording["duration_ms"] == recording["coverage"]["decoded_ms"] == 22_000
    assert recording["coverage"]["sampled_frames"] == 44
    assert recording["coverage"]["appearances"] == 3
    assert recording["coverage"]["gaps"] == []


def test_the_candidates_are_where_the_person_is(whole: SimpleNamespace) -> None:
    candidates = whole.done.document["candidates"]
    assert [one["rank"] for one in candidates] == [1, 2]
    assert {(one["start_ms"], one["end_ms"]) for one in candidates} == {
        (1000, 13_500),
        (18_000, 20_500),
    }
    for one in candidates:
        assert (one["person"], one["recording"], one["reference"]) == ("Red", "yard.mp4", "red.png")
        assert one["start_ms"] <= one["best_ms"] <= one["end_ms"]
        assert one["distance"] <= one["threshold"]
        assert one["box"] == pytest.approx([20, 60, 100, 120], abs=8)
        assert one["engine"] == "stub"


def test_the_report_is_for_its_owner_alone(whole: SimpleNamespace) -> None:
    assert whole.report.stat().st_mode & 0o077 == 0
    assert "yard.mp4" in whole.report.read_text()


def test_its_own_services_have_ended(whole: SimpleNamespace) -> None:
    assert running(whole.nightreel.home) is None
    assert not any(services_alive(whole.nightreel.home).values())


def test_no_name_is_in_any_log(whole: SimpleNamespace) -> None:
    logs = [file.read_text() for file in (whole.nightreel.home / "logs").glob("*.log")]
    assert len(logs) >= 4
    assert not [log for log in logs if "yard" in log or "red.png" in log]


def test_the_home_is_for_its_owner_alone(whole: SimpleNamespace) -> None:
    assert whole.nightreel.home.stat().st_mode & 0o777 == 0o700


def test_a_running_stack_is_used(up: Up, clip: Path, red: str) -> None:
    before = running(up.nightreel.home)

    done = up.nightreel("process", clip, "--person", red)

    assert done.code == 0
    assert "gate.mp4" in done.out
    assert running(up.nightreel.home) == before
    assert services_alive(up.nightreel.home)["worker"]


def test_footage_that_is_known_is_not_watched_again(up: Up, clip: Path, red: str) -> None:
    first = up.nightreel("process", clip, "--person", red, "--json")
    copy = clip.with_name("the same.mp4")
    copy.write_bytes(clip.read_bytes())

    again = up.nightreel("process", copy, "--person", red, "--json")

    assert again.code == 0
    assert again.said == ["the same.mp4: already processed as gate.mp4; skipped."]
    assert again.document["recordings"] == first.document["recordings"]
    assert len(again.document["candidates"]) == 1


def test_two_over_the_same_home_both_end_well(
    nightreel: Nightreel, drawn_clip: Path, tmp_path: Path, red: str
) -> None:
    clips = [unseen_copy(drawn_clip, tmp_path / f"{number}.mp4") for number in range(2)]

    both = [nightreel.start("process", clip, "--person", red, "--json") for clip in clips]

    for number, done in enumerate(map(ended, both)):
        assert (done.code, done.said) == (0, [])
        assert [one["recording"] for one in done.document["candidates"]] == [f"{number}.mp4"]


def test_several_people_with_several_photos(up: Up, tmp_path: Path) -> None:
    clip = paint(tmp_path / "both.mp4", 3, Stay(RED, 0, 2), Stay(BLUE, 1, 3, x=200))
    reds = [paint_photo(tmp_path / f"red{number}.png", (225 - number, 30, 30)) for number in (0, 9)]
    blue = paint_photo(tmp_path / "blue.png", BLUE)

    done = up.nightreel(
        *("process", clip, "--json", "--person", f"Red={reds[0]},{reds[1]}"),
        *("--person", f"Blue={blue}"),
    )

    assert done.code == 0
    found = {(one["person"], one["start_ms"]) for one in done.document["candidates"]}
    assert found == {("Red", 0), ("Blue", 1000)}
