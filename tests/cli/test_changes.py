"""`nightreel withdraw` and `nightreel changes` as a user types them, while workers run."""

import os
from pathlib import Path

from command_line import TERMS, Up
from painted import RED, paint_photo
from waiting import wait_until


def test_a_photo_is_withdrawn_and_what_that_changed_is_told(
    up: Up, clip: Path, tmp_path: Path
) -> None:
    nightreel = up.nightreel
    assert nightreel("case", "open", "C-1", *TERMS).code == 0
    assert nightreel("ingest", clip, "--case", "C-1", "--wait").code == 0
    assert "no comparison yet" in nightreel("changes", "--case", "C-1").out
    nightreel("enrol", "Red", paint_photo(tmp_path / "red.png", RED), "--case", "C-1")

    def runs(*options: str) -> list[dict[str, object]]:
        document = nightreel("changes", "--case", "C-1", "--json", *options).document
        return list(document["runs"])

    wait_until(lambda: len(runs()) == 1)
    assert nightreel("withdraw", "Red", "red.png", "--case", "C-1").code == 0
    wait_until(lambda: len(runs("--since", "0")) == 2)
    (run,) = runs()
    assert (run["cause"], run["actor"]) == ("withdrawn", f"uid:{os.getuid()}")
    told = nightreel("changes", "--case", "C-1", "--person", "Red")
    assert ("gone" in told.out, "a photo was withdrawn" in told.err) == (True, True)
    again = nightreel("withdraw", "Red", "red.png", "--case", "C-1")
    assert (again.code, "No photo in use is called that" in again.err) == (2, True)
    assert nightreel("changes", "--case", "C-1", "--since", "99").code == 2
    assert nightreel("changes", "--case", "another").code == 4
