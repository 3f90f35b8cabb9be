"""Homes, clips and a running stack for the command line's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Nightreel, Up, bring_up, unseen_copy
from painted import RED, Stay, paint, paint_photo


@pytest.fixture
def nightreel(tmp_path: Path) -> Iterator[Nightreel]:
    """A home folder for this test; nothing runs in it afterwards."""
    made = Nightreel(tmp_path / "home")
    yield made
    made.clean_up()


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One running stack with two workers, for all tests that leave it intact."""
    up = bring_up(Nightreel(tmp_path_factory.mktemp("up") / "home").with_settings(workers=2))
    yield up
    stopped = up.stop()
    up.nightreel.clean_up()
    assert (stopped.code, stopped.out) == (0, "")


@pytest.fixture(scope="session")
def red(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The person of interest, as `--person` takes it."""
    return f"Red={paint_photo(tmp_path_factory.mktemp('photos') / 'red.png', RED)}"


@pytest.fixture(scope="session")
def drawn_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three seconds; red from 1 s to 2.5 s."""
    return paint(tmp_path_factory.mktemp("drawn") / "gate.mp4", 3, Stay(RED, 1, 2.5))


@pytest.fixture
def clip(drawn_clip: Path, tmp_path: Path) -> Path:
    """That clip as a file that was never added before."""
    return unseen_copy(drawn_clip, tmp_path / "gate.mp4")
