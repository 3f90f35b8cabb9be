"""What listings show of a home in which footage was added and somebody enrolled."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import TERMS, Done, Nightreel, unseen_copy
from painted import RED, paint_photo

from report.columns import CANDIDATE

LISTINGS = (
    ("jobs", "list", "--json"),
    ("case", "list", "--json"),
    ("models", "list", "--json"),
    ("doctor", "--json"),
    ("jobs", "show", "1", "--json"),
    ("status", "--json"),
    ("candidates", "--case", "2026-1", "--json"),
    ("candidates", "--case", "2026-1", "--csv"),
    ("jobs", "list"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, drawn_clip: Path) -> SimpleNamespace:
    """A home with a case, a person and a recording nobody has watched yet."""
    folder = tmp_path_factory.mktemp("listings")
    nightreel = Nightreel(folder / "home")
    opened = nightreel("case", "open", "2026-1", *TERMS)
    photos = [paint_photo(folder / "red.png", RED), paint_photo(folder / "nobody.png")]
    enrolled = nightreel("enrol", "Red", *photos, "--case", "2026-1", "--json")
    clip = unseen_copy(drawn_clip, folder / "gate.mp4")
    added = nightreel("ingest", clip, "--finish-by", "07:00", "--json")
    return SimpleNamespace(nightreel=nightreel, opened=opened, enrolled=enrolled, added=added)


@pytest.fixture(scope="module")
def listed(filled: SimpleNamespace) -> dict[tuple[str, ...], Done]:
    """What every listing shows of that home; none changes anything."""
    return {command: filled.nightreel(*command) for command in LISTINGS}


def test_opening_a_case_says_until_when(filled: SimpleNamespace) -> None:
    assert filled.opened.code == 0
    assert filled.opened.said == ["Case 2026-1 is open for 30 days."]


def test_enrolling_gives_each_photo_a_verdict(filled: SimpleNamespace) -> None:
    assert filled.enrolled.code == 3
    verdicts = [(one["name"], one["usable"]) for one in filled.enrolled.document["photos"]]
    assert verdicts == [("red.png", True), ("nobody.png", False)]
    assert "No face was found" in filled.enrolled.document["photos"][1]["verdict"]


def test_adding_says_what_was_added(filled: SimpleNamespace) -> None:
    assert filled.added.code == 0
    assert filled.added.document["analyses"] == [1]
    assert filled.added.document["refused"] == []


def test_adding_foretells_nothing_while_no_speed_is_known(filled: SimpleNamespace) -> None:
    forecast = filled.added.document["forecast"]
    assert filled.added.said[0].startswith("No speed measured yet")
    assert (forecast["end"], forecast["speed"], forecast["workers"]) == (None, None, 1)
    assert forecast["late"] == [{"job": 1, "name": "gate.mp4", "end": None}]


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        ("jobs list", {"job", "name", "sha256", "plan", "state", "duration_ms", "segments"}),
        ("case list", {"reference", "legal_basis", "purpose", "authorised_by", "in_force"}),
        ("models list", {"name", "dimension", "threshold", "distance", "licence", "present"}),
        ("doctor", {"what", "well", "detail"}),
    ],
)
def test_a_listing_is_json_on_demand(
    listed: dict[tuple[str, ...], Done], command: str, fields: set[str]
) -> None:
    rows = listed[*command.split(), "--json"].document
    assert rows
    assert all(fields <= row.keys() for row in rows)


def test_a_job_is_shown_with_its_segments(listed: dict[tuple[str, ...], Done]) -> None:
    job = listed["jobs", "show", "1", "--json"].document
    assert (job["name"], job["state"]) == ("gate.mp4", "waiting")
    (segment,) = job["segments"]
    assert (segment["start_ms"], segment["end_ms"], segment["state"]) == (0, 3000, "waiting")


def test_the_status_says_what_remains(listed: dict[tuple[str, ...], Done]) -> None:
    status = listed["status", "--json"].document
    assert (status["running"], status["recordings"]) == (False, {"waiting": 1})
    assert status["footage_remaining_ms"] == 3000


def test_the_status_says_when_what_remains_is_wanted_by(
    filled: SimpleNamespace, listed: dict[tuple[str, ...], Done]
) -> None:
    night = listed["status", "--json"].document["night"]
    assert night["remaining"] == [
        {
            "job": 1,
            "name": "gate.mp4",
            "footage_ms": 3000,
            "paused": False,
            "due_at": filled.added.document["forecast"]["finish_by"],
            "end": None,
        }
    ]
    assert (night["workers"], night["end"], night["late"]) == (0, None, [])


def test_candidates_have_the_shape_of_process(listed: dict[tuple[str, ...], Done]) -> None:
    document = listed["candidates", "--case", "2026-1", "--json"].document
    (recording,) = document["recordings"]
    assert recording.keys() == {"name", "sha256", "duration_ms", "state", "cut_by", "coverage"}
    assert document["candidates"] == []


def test_candidates_are_a_table_of_commas_on_demand(listed: dict[tuple[str, ...], Done]) -> None:
    lines = listed["candidates", "--case", "2026-1", "--csv"].out.splitlines()
    assert lines == [",".join(one.name for one in CANDIDATE)]


def test_tables_are_for_people(listed: dict[tuple[str, ...], Done]) -> None:
    table = listed["jobs", "list"].out
    assert "gate.mp4" in table
    assert "waiting" in table


def test_a_report_is_written_for_a_case_at_any_time(
    filled: SimpleNamespace, tmp_path: Path
) -> None:
    done = filled.nightreel("report", "--case", "2026-1", "-o", tmp_path / "out")
    assert done.code == 3, "its footage is still queued"
    assert "gate.mp4" in (tmp_path / "out" / "report.html").read_text()
