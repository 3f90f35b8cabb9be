"""`nightreel search` as a user types it."""

import csv
from pathlib import Path

from command_line import TERMS, Nightreel
from painted import BLUE, RED, Stay, paint, paint_photo


def test_an_archive_is_searched_by_a_photo(nightreel: Nightreel, tmp_path: Path) -> None:
    red = paint_photo(tmp_path / "red.png", RED)
    blue = paint_photo(tmp_path / "blue.png", BLUE)
    film = paint(tmp_path / "=gate.mp4", 3, Stay(RED, 1, 2.5))
    assert nightreel("search", red, "--case", "A-1").code == 4
    nightreel("case", "open", "A-1", *TERMS)
    empty = nightreel("search", red, "--case", "A-1", "--json").document
    assert (empty["recordings"], empty["searched"]["recordings"]) == ([], 0)
    assert nightreel("process", film, "--person", f"Blue={blue}").code == 0

    found = nightreel("search", red, "--case", "A-1", "--json").document
    (recording,) = found["recordings"]
    (appearance,) = recording["appearances"]
    assert (recording["name"], appearance["photo"]) == ("=gate.mp4", "red.png")
    assert found["searched"] == {"recordings": 1, "duration_ms": 3000, "faces": 1, "gaps_ms": 0}

    told = nightreel("search", red, "--case", "A-1", "--csv").out.splitlines()
    assert next(csv.DictReader(told))["recording"] == "'=gate.mp4"

    none = nightreel("search", red, "--case", "A-1", "--to", "2020-01-01")
    assert (none.code, "Compared with 0 of 0 faces" in none.out) == (0, True)
    assert "outside the search filters" in none.out
    with_a_bad_one = nightreel("search", red, film, "--case", "A-1")
    assert (with_a_bad_one.code, "not a picture" in with_a_bad_one.err) == (3, True)
    assert nightreel("search", film, "--case", "A-1").code == 1
