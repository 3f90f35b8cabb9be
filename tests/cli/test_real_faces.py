"""The main job with the default engine on real faces: two commands' worth in one."""

from types import SimpleNamespace

import pytest
from command_line import Nightreel

from demo import film
from demo.portraits import FOLDER

SCENES = (
    film.Scene(3, (film.Walk("astronaut", (200, 190), (300, 185), 270, 270),)),
    film.Scene(3, (film.Walk("grace_hopper", (380, 190), (300, 185), 290, 290),), backdrop=1),
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The astronaut was looked for in a film of both: `done`, `report`."""
    folder = tmp_path_factory.mktemp("real")
    film.write(folder / "film.mp4", SCENES)
    nightreel = Nightreel(folder / "home").with_settings(engine="dlib")
    person = f"Astronaut={FOLDER / 'astronaut.jpg'}"
    command = ("process", folder / "film.mp4", "--person", person, "--json")
    done = nightreel(*command, "--report", folder / "report")
    return SimpleNamespace(done=done, report=folder / "report" / "report.html")


def test_both_people_appear_and_one_is_a_candidate(found: SimpleNamespace) -> None:
    assert found.done.code == 0
    (recording,) = found.done.document["recordings"]
    assert (recording["state"], recording["coverage"]["appearances"]) == ("done", 2)
    (candidate,) = found.done.document["candidates"]
    assert candidate["person"] == "Astronaut"
    assert candidate["start_ms"] <= 500
    assert 2000 <= candidate["end_ms"] < 3000
    assert candidate["distance"] < candidate["threshold"]
    assert (candidate["engine"], candidate["reference"]) == ("dlib", "astronaut.jpg")


def test_the_candidates_box_is_on_the_person(found: SimpleNamespace) -> None:
    (candidate,) = found.done.document["candidates"]
    x, y, width, height = candidate["box"]
    (truth, _) = film.planted(SCENES)
    assert truth.shows(candidate["best_ms"], x + width / 2, y + height / 2)


def test_the_report_shows_crop_beside_reference(found: SimpleNamespace) -> None:
    page = found.report.read_text()
    assert page.count("data:image/jpeg;base64,") >= 2
    assert "Astronaut" in page
