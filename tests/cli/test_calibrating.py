"""`nightreel calibrate` as a user types it, and what listings say before and after."""

import colorsys
from pathlib import Path

from command_line import TERMS, Nightreel
from painted import RED, Stay, paint, paint_photo


def strangers(folder: Path) -> Path:
    folder.mkdir()
    for place in range(30):
        parts = colorsys.hsv_to_rgb(place / 30 + 0.013, 0.87, 0.88)
        red, green, blue = (round(255 * part) for part in parts)
        paint_photo(folder / f"{place}.png", (red, green, blue))
    return folder


def test_what_a_distance_means_is_measured_and_said_from_then_on(
    nightreel: Nightreel, tmp_path: Path
) -> None:
    red = paint_photo(tmp_path / "red.png", RED)
    film = paint(tmp_path / "gate.mp4", 3, Stay(RED, 1, 2.5))
    nightreel("case", "open", "A-1", *TERMS)
    assert (
        "Uncalibrated" in nightreel("process", film, "--person", f"Red={red}", "--case", "A-1").out
    )
    folder = strangers(tmp_path / "strangers")
    assert nightreel("calibrate", folder, "--case", "B-9").code == 4
    (tmp_path / "groups.csv").write_text("person,group\n0.png,warm\n1.png,warm\n")
    (made,) = nightreel(
        "calibrate", folder, "--case", "A-1", "--groups", tmp_path / "groups.csv", "--everything",
        "--json",
    ).document  # fmt: skip
    assert (made["appearances"], made["rate"]["searches"]) == (1, 30)
    assert 0 < made["rate"]["with_any"] < 30
    assert made["groups"]["warm"]["searches"] == 2

    said = (
        f"of 30 searches for people who are not in this footage {made['rate']['with_any']} returned"
    )
    for told in (
        nightreel("candidates", "--case", "A-1"),
        nightreel("search", red, "--case", "A-1", "--everything"),
        nightreel("calibrations", "--case", "A-1"),
    ):
        assert (told.code, said in told.out) == (0, True), told.out
        assert "ncalibrated" not in told.out
    nightreel("report", "--case", "A-1", "-o", tmp_path / "report")
    assert said in (tmp_path / "report" / "report.html").read_text()
    paint_photo(folder / "nobody.png")
    assert nightreel("calibrate", folder, "--case", "A-1").code == 3
    assert nightreel("calibrate", tmp_path / "none", "--case", "A-1").code == 2
