"""A file is whole under its name, or not there."""

import stat
from pathlib import Path

import pytest

from atomic_file import atomic_write


def test_a_file_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "made"
    with atomic_write(path) as file:
        file.write(b"all of it")
        assert not path.exists()
    assert path.read_bytes() == b"all of it"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_what_breaks_off_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "made"
    path.write_bytes(b"before")
    with pytest.raises(KeyError), atomic_write(path) as file:
        file.write(b"half")
        raise KeyError
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_must_not_be_replaced_is_not(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"the first")
    with pytest.raises(FileExistsError), atomic_write(path, replace=False) as file:
        file.write(b"another")
    assert path.read_bytes() == b"the first"
    assert list(tmp_path.iterdir()) == [path]
