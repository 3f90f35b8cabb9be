"""A site on its own SQLite database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from rows import NOW
from staged import stage
from visiting import House, house_over

from pipeline.clock import utc_now
from storage.database.database import connect


@pytest.fixture(autouse=True)
def _quick_hashes(quick_hashes: None) -> None:
    """Cheap password hashes for every test of the pages."""


@pytest.fixture
def house(sqlite_model: Path, tmp_path: Path) -> Iterator[House]:
    """A site without visits so far."""
    shutil.copy(sqlite_model, tmp_path / "nightreel.db")
    database = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    with house_over(database, tmp_path, NOW) as house:
        yield house
    database.dispose()


@pytest.fixture(scope="module")
def shared_house(sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A site for all tests of a module."""
    home = tmp_path_factory.mktemp("shared")
    shutil.copy(sqlite_model, home / "nightreel.db")
    database = connect(f"sqlite:///{home / 'nightreel.db'}")
    with house_over(database, home, NOW, most_upload_bytes=10**8) as house:
        yield house
    database.dispose()


@pytest.fixture(scope="session")
def staged_home(sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with the case of `staged.stage`, created once and copied by tests."""
    home = tmp_path_factory.mktemp("staged")
    shutil.copy(sqlite_model, home / "nightreel.db")
    database = connect(f"sqlite:///{home / 'nightreel.db'}")
    with house_over(database, home, NOW) as house:
        stage(house, tmp_path_factory.mktemp("footage"))
    database.dispose()
    return home


@pytest.fixture
def staged_house(staged_home: Path, tmp_path: Path) -> Iterator[House]:
    """A site with a case and three candidates, its number 1."""
    home = tmp_path / "home"
    shutil.copytree(staged_home, home)
    database = connect(f"sqlite:///{home / 'nightreel.db'}")
    with house_over(database, home, utc_now()) as house:
        yield house
    database.dispose()
