"""What lies in a watched folder, and what of it has settled."""

import os
import socket
from itertools import accumulate
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from waiting import wait_until

from errors import FootageVanished
from footage.folder import LINK, NO_FILE, Entry, Settling, is_being_written, look, look_at

SETTLE_SECONDS = 10
steps = st.lists(st.integers(1, 25), min_size=1, max_size=30)


def file_after(writes: int, name: str = "gate.mp4") -> Entry:
    """A file that was written to so many times."""
    return Entry(f"/footage/{name}", 1000 * writes, writes, writes)


def settled_at(looks: list[int], writes: list[int]) -> set[int]:
    """The times of those looks that found the file settled."""
    settling, found = Settling(SETTLE_SECONDS), set()
    for now in looks:
        entry = file_after(sum(write <= now for write in writes))
        if settling.settled([entry], now) == [entry]:
            found.add(now)
    return found


@given(steps, steps)
def test_a_file_is_never_settled_while_it_grows(
    between_looks: list[int], between_writes: list[int]
) -> None:
    looks, writes = list(accumulate(between_looks)), list(accumulate(between_writes))
    for now in settled_at(looks, writes):
        assert not [write for write in writes if now - SETTLE_SECONDS < write <= now]


@given(steps, steps)
def test_a_file_is_settled_as_soon_as_two_looks_so_far_apart_found_it_the_same(
    between_looks: list[int], between_writes: list[int]
) -> None:
    looks, writes = list(accumulate(between_looks)), list(accumulate(between_writes))
    quiet = [now for now in looks if now >= writes[-1]]
    expected = {now for now in quiet if now - quiet[0] >= SETTLE_SECONDS}
    assert expected <= settled_at(looks, writes)


@given(st.lists(st.frozensets(st.sampled_from("abcd")), max_size=20))
def test_what_was_away_at_one_look_settles_again(looks: list[frozenset[str]]) -> None:
    settling, unbroken = Settling(SETTLE_SECONDS), dict.fromkeys("abcd", 0)
    for number, names in enumerate(looks):
        unbroken = {name: unbroken[name] + 1 if name in names else 0 for name in unbroken}
        settled = settling.settled([file_after(1, name) for name in sorted(names)], 5.0 * number)
        assert {Path(entry.path).name for entry in settled} == {
            name for name, count in unbroken.items() if count >= 3
        }


def test_what_is_started_again_settles_again() -> None:
    settling, entry = Settling(SETTLE_SECONDS), file_after(1)
    settling.settled([entry], 0)

    settling.start_again(entry)

    assert settling.settled([entry], 10) == []
    assert settling.settled([entry], 20) == [entry]


def names_in(folder: Path) -> list[str]:
    return [os.path.relpath(entry.path, folder) for entry in look(str(folder))]


@pytest.mark.parametrize(
    "name",
    [
        b"gate.mp4",
        "Straße zwölf.mp4".encode(),
        b"two\nlines.mp4",
        b"caf\xe9.mp4",
        b"-y.mp4",
        b"$(reboot).mp4",
        b"no ending",
        b"party.mp4",
    ],
)
def test_a_file_of_any_finished_name_is_found(tmp_path: Path, name: bytes) -> None:
    (tmp_path / os.fsdecode(name)).write_bytes(b"12345")

    (entry,) = look(str(tmp_path))

    assert os.fsencode(entry.path) == os.fsencode(tmp_path) + b"/" + name
    assert (entry.size_bytes, entry.trouble) == (5, "")


@pytest.mark.parametrize(
    "name",
    [
        "gate.mp4.part",
        "gate.mp4.PARTIAL",
        "gate.mp4.filepart",
        "gate.crdownload",
        "gate.tmp",
        ".gate.mp4.Xy12",
        "~gate.mp4",
        "gate.mp4~",
        "Thumbs.db",
        "@eaDir",
    ],
)
def test_what_a_name_tells_to_be_unfinished_is_left_out(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"1")
    below = tmp_path / "folder" / name
    below.mkdir(parents=True)
    (below / "gate.mp4").write_bytes(b"1")

    assert look(str(tmp_path)) == []


def test_folders_are_looked_into_however_deep(tmp_path: Path) -> None:
    for place in ("c.mp4", "a/b.mp4", "a/b/c/d/e.mp4"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"1")

    assert names_in(tmp_path) == ["a/b.mp4", "a/b/c/d/e.mp4", "c.mp4"]


def test_no_link_is_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    for each in (outside, folder):
        each.mkdir()
        (each / "gate.mp4").write_bytes(b"1")
    targets = {"file": outside / "gate.mp4", "folder": outside, "loop": folder, "lost": "nowhere"}
    for name, target in targets.items():
        (folder / f"to a {name}").symlink_to(target)

    troubles = {Path(entry.path).name: entry.trouble for entry in look(str(folder))}

    assert troubles == {"gate.mp4": ""} | {f"to a {name}": LINK for name in targets}


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket.mp4"))

        troubles = {entry.trouble for entry in look(str(tmp_path))}

    assert troubles == {NO_FILE}


def test_a_folder_that_is_not_there_has_vanished(tmp_path: Path) -> None:
    with pytest.raises(FootageVanished, match="watched folder"):
        look(str(tmp_path / "nowhere"))


def test_any_write_makes_another_entry(tmp_path: Path) -> None:
    file = tmp_path / "gate.mp4"
    file.write_bytes(b"1")
    before = look_at(str(file))
    assert before is not None

    def write_in_place() -> bool:
        file.write_bytes(b"2")
        os.utime(file, ns=(before.modified_ns, before.modified_ns))
        return look_at(str(file)) != before

    wait_until(write_in_place)  # the file system's clock has ticks of some milliseconds


def test_a_time_beyond_what_can_be_stored_is_cut(tmp_path: Path) -> None:
    file = tmp_path / "gate.mp4"
    file.write_bytes(b"1")
    os.utime(file, (0, 12_000_000_000))

    entry = look_at(str(file))

    assert entry is not None
    assert entry.modified_ns == min(file.stat().st_mtime_ns, 2**63 - 1)


def test_a_file_that_somebody_has_open_for_writing_is_being_written(tmp_path: Path) -> None:
    file = tmp_path / "gate.mp4"
    with file.open("wb"):
        assert is_being_written(str(file))
    assert not is_being_written(str(file))
    with file.open("rb"):
        assert not is_being_written(str(file))


@pytest.mark.parametrize("name", ["pipe.mp4", "nowhere.mp4", "folder"])
def test_nobody_writes_to_what_is_no_file(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "folder").mkdir()

    assert not is_being_written(str(tmp_path / name))
