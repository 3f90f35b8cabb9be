"""Footage that cannot be watched costs one sentence, and the good file beside it is watched.

All of it is handed to one command, as an archive would be; what it says of each file, and how it
ends for one alone, are tests of their own.
"""

import os
import struct
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from command_line import Nightreel, Up, unseen_copy
from footage_factory import draw, numbered, run_ffmpeg
from painted import RED, Stay, paint

MJPEG = ("-c:v", "mjpeg", "-q:v", "4")
SIZE = (160, 96)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("Dear diary, nothing new.\n" * 50)


def truncated(path: Path) -> None:
    whole = draw(path.with_name("whole.mp4"), numbered(30))
    path.write_bytes(whole.read_bytes()[:-2000])
    whole.unlink()


def without_streams(path: Path) -> None:
    words = path.with_suffix(".srt")
    words.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n")
    run_ffmpeg("-i", words, "-c:s", "mov_text", path)


def only_sound(path: Path) -> None:
    run_ffmpeg("-f", "lavfi", "-i", "anullsrc=d=1", "-c:a", "aac", path)


def playlist(path: Path) -> None:
    path.write_text(f"#EXTM3U\n#EXTINF:3,\n{path.with_name('evidence.mp4')}\n#EXT-X-ENDLIST\n")


def concatenation(path: Path) -> None:
    path.write_text(f"ffconcat version 1.0\nfile '{path.with_name('evidence.mp4')}'\n")


def drawn_avi(path: Path) -> bytes:
    avi = path.with_suffix(".drawn.avi")
    try:
        width, height = SIZE
        return draw(avi, numbered(20, width=width, height=height), options=MJPEG).read_bytes()
    finally:
        avi.unlink()


def huge(path: Path) -> None:
    """Every header says 16384x16384."""
    width, height = SIZE
    frame_header = b"\xff\xc0\x00\x11\x08"
    path.write_bytes(
        drawn_avi(path)
        .replace(struct.pack("<II", width, height), struct.pack("<II", 1 << 14, 1 << 14))
        .replace(
            frame_header + struct.pack(">HH", height, width),
            frame_header + struct.pack(">HH", 1 << 14, 1 << 14),
        )
    )


def with_rate(rate: int, scale: int) -> Callable[[Path], None]:
    """A file whose header claims `rate` / `scale` frames a second."""

    def make(path: Path) -> None:
        avi = bytearray(drawn_avi(path))
        place = avi.index(b"strh") + 28
        avi[place : place + 8] = struct.pack("<II", scale, rate)
        path.write_bytes(avi)

    return make


REFUSED: dict[str, tuple[Callable[[Path], None], str]] = {
    "empty.mp4": (empty, "The file is empty; copy or export it again."),
    "text.mp4": (text, "not a video file"),
    "truncated.mp4": (truncated, "index"),
    "words.mp4": (without_streams, "no video"),
    "sound.mp4": (only_sound, "The file contains audio but no video; add the video itself."),
    "playlist.mp4": (playlist, "playlist"),
    "concat.mp4": (concatenation, "playlist"),
    "huge.avi": (huge, "The frames are larger than allowed"),
    "fast.avi": (with_rate(4_000_000_000, 1), "The timestamps of this video are invalid"),
    "slow.avi": (with_rate(1, 4_000_000_000), "The timestamps of this video are invalid"),
    "folder": (Path.mkdir, "This is a folder"),
    "missing.mp4": (lambda _: None, "No such file"),
    "n" * 300: (lambda _: None, "The file cannot be opened: File name too long."),
}
"""Names, how each is made, and what is said of it."""

WATCHED = {
    b"good.mp4": "good.mp4",
    b"with space.mp4": "with space.mp4",
    b"a 'single' and a \"double\" quote.mp4": "a 'single' and a \"double\" quote.mp4",
    b"two\nlines.mp4": r"two\nlines.mp4",
    b"-leading.mp4": "-leading.mp4",
    b"--help": "--help",
    b"caf\xe9 \xff.mp4": r"caf\xe9 \xff.mp4",
    b"con:colon, comma;$HOME %d [x].mp4": "con:colon, comma;$HOME %d [x].mp4",
}
"""Names, and how they are shown."""


@pytest.fixture(scope="module")
def bad(
    up: Up, tmp_path_factory: pytest.TempPathFactory, drawn_clip: Path, red: str
) -> SimpleNamespace:
    """One run over every bad file and a good one: `done`, and `lines` about each file."""
    folder = tmp_path_factory.mktemp("bad")
    paint(folder / "evidence.mp4", 3, Stay(RED, 0, 3))
    for name, (make, _) in REFUSED.items():
        make(folder / name)
    good = unseen_copy(drawn_clip, folder / "good.mp4")
    files = [folder / name for name in REFUSED]
    done = up.nightreel("process", *files, good, "--person", red, "--json")
    lines = {name: [line for line in done.said if line.startswith(f"{name}: ")] for name in REFUSED}
    return SimpleNamespace(done=done, lines=lines)


@pytest.fixture(scope="module")
def named(
    up: Up, tmp_path_factory: pytest.TempPathFactory, drawn_clip: Path, red: str
) -> SimpleNamespace:
    """One run over good files with difficult names, inside their folder: `done`."""
    folder = tmp_path_factory.mktemp("named")
    for name in WATCHED:
        unseen_copy(drawn_clip, folder / os.fsdecode(name))
    command = ("process", "--json", "--person", red, "--", *WATCHED)
    return SimpleNamespace(done=up.nightreel(*command, before=("env", "--chdir", str(folder))))


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: name[:20])
def test_a_bad_file_is_refused_with_one_sentence(bad: SimpleNamespace, name: str) -> None:
    (line,) = bad.lines[name]
    assert REFUSED[name][1] in line
    assert line.endswith(".")
    assert line.count(". ") == 0


def test_the_good_file_among_the_bad_is_watched(bad: SimpleNamespace) -> None:
    document = bad.done.document
    assert [(one["name"], one["state"]) for one in document["recordings"]] == [("good.mp4", "done")]
    assert [one["recording"] for one in document["candidates"]] == ["good.mp4"]


def test_a_run_with_bad_files_ends_with_gaps_and_no_other_word(bad: SimpleNamespace) -> None:
    assert bad.done.code == 3
    assert len(bad.done.said) == len(REFUSED)


@pytest.mark.parametrize("name", WATCHED.values())
def test_a_file_with_a_difficult_name_is_watched(named: SimpleNamespace, name: str) -> None:
    (found,) = [one for one in named.done.document["recordings"] if one["name"] == name]
    assert (found["state"], found["coverage"]["appearances"]) == ("done", 1)
    assert name in {one["recording"] for one in named.done.document["candidates"]}


def test_a_run_over_difficult_names_ends_well(named: SimpleNamespace) -> None:
    assert (named.done.code, named.done.said) == (0, [])


def test_a_bad_file_alone_is_a_failure(up: Up, tmp_path: Path, red: str) -> None:
    text(tmp_path / "text.mp4")
    done = up.nightreel("process", tmp_path / "text.mp4", "--person", red, "--json")
    assert done.code == 1
    assert len(done.said) == 1
    assert (done.document["recordings"], done.document["candidates"]) == ([], [])
    (answer,) = done.document["compared"]
    assert answer["of"]["recordings"] == 0


def test_a_folder_stands_for_the_videos_in_it(
    up: Up, tmp_path: Path, drawn_clip: Path, red: str
) -> None:
    (tmp_path / "camera 1" / "may").mkdir(parents=True)
    unseen_copy(drawn_clip, tmp_path / "camera 1" / "may" / "1.MP4")
    unseen_copy(drawn_clip, tmp_path / "camera 1" / "2.mkv")
    text(tmp_path / "camera 1" / "notes.txt")
    (tmp_path / "camera 1" / "folder.mp4").mkdir()

    done = up.nightreel("process", tmp_path / "camera 1", "--person", red, "--json")

    assert (done.code, done.said) == (0, [])
    assert {one["name"] for one in done.document["recordings"]} == {"1.MP4", "2.mkv"}


def test_damage_in_the_middle_is_a_gap(up: Up, tmp_path: Path, red: str) -> None:
    whole = paint(tmp_path / "whole.mkv", 9, Stay(RED, 0, 9)).read_bytes()
    third = len(whole) // 3
    (tmp_path / "damaged.mkv").write_bytes(whole[:third] + bytes(third) + whole[2 * third :])

    done = up.nightreel("process", tmp_path / "damaged.mkv", "--person", red, "--json")

    (recording,) = done.document["recordings"]
    assert (done.code, recording["state"]) == (3, "gaps")
    assert 0 < recording["coverage"]["decoded_ms"] < 9000
    assert recording["coverage"]["gaps"]


def test_a_file_that_may_not_be_read_is_refused(
    nightreel: Nightreel, tmp_path: Path, drawn_clip: Path
) -> None:
    files = [unseen_copy(drawn_clip, tmp_path / name) for name in ("secret.mp4", "open.mp4")]
    files[0].chmod(0)
    # Root reads everything unless it has given that power away.
    powerless = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")

    done = nightreel("ingest", *files, "--json", before=powerless if os.geteuid() == 0 else ())

    assert done.code == 3
    assert (
        done.said[0] == "secret.mp4: Permission denied; give Nightreel's user access to the file."
    )
    assert len(done.document["analyses"]) == 1
