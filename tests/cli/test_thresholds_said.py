"""`nightreel models threshold` as a user types it."""

from pathlib import Path

import pytest
from command_line import TERMS, Nightreel
from painted import RED, paint_photo


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Nightreel:
    """A case that looks for red."""
    folder = tmp_path_factory.mktemp("thresholds")
    nightreel = Nightreel(folder / "home")
    assert nightreel("case", "open", "2026-1", *TERMS).code == 0
    photo = paint_photo(folder / "red.png", RED)
    assert nightreel("enrol", "Ada", photo, "--case", "2026-1").code == 0
    return nightreel


def test_a_threshold_is_tried_taken_into_use_and_told_of(home: Nightreel, tmp_path: Path) -> None:
    assert "engine default" in home("models", "threshold", "stub").out
    tried = home("models", "threshold", "stub", "0.5")
    assert (tried.code, "Nothing changed" in tried.err) == (0, True)
    assert home("models", "threshold", "stub", "--json").document["threshold"] == 0.75
    done = home("models", "threshold", "stub", "0.5", "--reason", "too many strangers")
    assert (done.code, "1 person to compare again" in done.err) == (0, True)
    told = home("models", "threshold", "stub", "--json").document
    assert told["threshold"] == 0.5
    assert [one["reason"] for one in told["chosen"]] == ["too many strangers"]
    photo = paint_photo(tmp_path / "red.png", RED)
    found = home("search", photo, "--case", "2026-1", "--json").document
    assert found["threshold"] == 0.5


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("stub", "3", "--reason", "x"), 2, "at most 2"),
        (("stub", "3"), 2, "at most 2"),
        (("nobody", "0.5", "--reason", "x"), 1, "nobody"),
    ],
)
def test_what_makes_no_sense_is_one_sentence(
    home: Nightreel, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    done = home("models", "threshold", *arguments)
    assert (done.code, done.out, reason in done.err) == (code, "", True)
