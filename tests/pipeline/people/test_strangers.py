"""A folder of photos is a list of people, and a mistake in it is told before anything is done."""

from pathlib import Path

import pytest
from painted import RED, paint_photo

from errors import WrongUsage
from pipeline.people.strangers import Stranger, groups_in, strangers_in


def test_a_photo_is_a_person_and_a_folder_is_one_with_several(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("no picture")
    one = paint_photo(tmp_path / "a.png", RED)
    two = [paint_photo(tmp_path / "b" / name, RED) for name in ("1.png", "2.PNG")]
    found = strangers_in(tmp_path, {"b": "staff"})
    assert found == [Stranger("a.png", (one,)), Stranger("b", tuple(two), "staff")]


def test_an_empty_folder_and_none_at_all_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongUsage, match="No photo in the folder"):
        strangers_in(tmp_path)
    with pytest.raises(WrongUsage, match="cannot be read"):
        strangers_in(tmp_path / "none")


def test_groups_are_read_from_a_table(tmp_path: Path) -> None:
    table = tmp_path / "groups.csv"
    table.write_text("\ufeffperson,group\na.png, night \nb,day\n")
    assert groups_in(table) == {"a.png": "night", "b": "day"}


@pytest.mark.parametrize("text", ["", "name,label\na,b\n", "person,group\na\n"])
def test_a_table_without_the_columns_is_refused(tmp_path: Path, text: str) -> None:
    table = tmp_path / "groups.csv"
    table.write_text(text)
    if text:
        with pytest.raises(WrongUsage, match="columns `person` and `group`"):
            groups_in(table)
    else:
        assert groups_in(table) == {}


def test_a_label_for_nobody_is_a_mistake(tmp_path: Path) -> None:
    paint_photo(tmp_path / "a.png", RED)
    with pytest.raises(WrongUsage, match="'b'"):
        strangers_in(tmp_path, {"b": "day"})
