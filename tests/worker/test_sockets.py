import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from errors import StackTrouble
from worker.sockets import clear_place, make_place


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of this test's own, with a short name."""
    with tempfile.TemporaryDirectory(prefix="s") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def folder_of(temporary: Path, name: str) -> Path:
    """A folder to have a socket in."""
    made = temporary / name
    made.mkdir(parents=True)
    return made


def test_the_socket_lies_in_the_folder_itself_where_it_can(temporary: Path) -> None:
    run = folder_of(temporary, "run")
    assert make_place(run) == run / "redis.sock"
    assert list(run.iterdir()) == []


@pytest.mark.parametrize("name", ["long/" * 40, "with a blank", "größe", "a%20b"])
def test_another_folder_of_this_user_alone_serves_where_it_cannot(
    temporary: Path, name: str
) -> None:
    run = folder_of(temporary, f"{name}/run")
    place = make_place(run)
    assert place.parent.parent == temporary
    assert place.parent.stat().st_mode & 0o777 == 0o700
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(place))
        server.listen()


@pytest.mark.parametrize("name", ["run", "with a blank"])
def test_nothing_of_a_place_is_left(temporary: Path, name: str) -> None:
    run = folder_of(temporary, name)
    make_place(run).touch()
    clear_place(run)
    clear_place(run)
    assert list(run.iterdir()) == []
    assert list(temporary.iterdir()) == [run]


def test_what_a_killed_stack_left_is_removed_by_the_next(temporary: Path) -> None:
    run = folder_of(temporary, "with a blank")
    make_place(run).touch()
    second = make_place(run)
    assert sorted(temporary.iterdir()) == sorted([run, second.parent])


def test_where_no_folder_will_do_one_sentence_says_so(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = folder_of(temporary, "with a blank")
    monkeypatch.setattr(tempfile, "tempdir", str(run))
    with pytest.raises(StackTrouble, match="set TMPDIR to a folder with a short, plain name"):
        make_place(run)
    assert list(run.iterdir()) == []
