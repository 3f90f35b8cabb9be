"""The loop that takes footage in: what it waits for, and what it refuses to watch."""

import shutil
from pathlib import Path

import pytest
import redis

from errors import FootageVanished, StoreUnavailable, Transient, WrongUsage
from pipeline.intake.intake import Taken
from tasks.intake import ask_workers, refuse_home, take_in_for_ever
from worker.resources import resources


@pytest.fixture(autouse=True)
def settles_soon(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NIGHTREEL_SETTLE_SECONDS", "1")
    resources.cache_clear()
    home.mkdir()


@pytest.mark.parametrize("away", [FootageVanished, StoreUnavailable])
def test_while_something_is_away_it_waits_and_then_goes_on(
    away: type[Transient], home: Path, tmp_path: Path, drawn_clip: Path, broker: redis.Redis
) -> None:
    source, folder, database = tmp_path / "source", tmp_path / "in", home / "nightreel.db"
    source.mkdir()
    shutil.copy(drawn_clip, source)
    if away is StoreUnavailable:
        source.rename(folder)
        database.mkdir()  # no database can be opened there
    complaints = []

    def bring_back(error: Transient) -> None:
        complaints.append(type(error))
        if away is StoreUnavailable:
            database.rmdir()
        else:
            source.rename(folder)

    event = next(take_in_for_ever(folder, complain=bring_back))

    assert complaints == [away]
    assert isinstance(event, Taken)
    assert ask_workers()
    assert broker.llen("nightreel:nightreel") == 2


@pytest.mark.parametrize("place", ["home", "home/in", "home/../home", ".", "a link to it"])
def test_the_home_folder_is_not_watched(place: str, home: Path, tmp_path: Path) -> None:
    (tmp_path / "a link to it").symlink_to(home)

    with pytest.raises(WrongUsage, match="must not be inside the home folder"):
        refuse_home(tmp_path / place)


def test_a_folder_beside_the_home_folder_is_watched(tmp_path: Path) -> None:
    refuse_home(tmp_path / "home of footage")
