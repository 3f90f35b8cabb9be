"""A file whose end is missing is told from a whole one, where its kind says how long it is."""

import re
from io import BytesIO
from pathlib import Path

import pytest
from footage_factory import draw, numbered, run_ffmpeg

from errors import RefusedFootage, UnreadableFootage
from footage.ending import ends_early, refuse_part

CONTAINERS = {
    "plain.mp4": (),
    "index first.mp4": ("-movflags", "faststart"),
    "fragments.mp4": ("-movflags", "frag_keyframe+empty_moov"),
    "quicktime.mov": (),
    "matroska.mkv": (),
}
SILENT = {"live.mkv": ("-live", "1"), "stream.ts": (), "interleaved.avi": ()}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same two seconds in every container."""
    folder = tmp_path_factory.mktemp("containers")
    source = draw(folder / "source.mp4", numbered(50))
    for name, options in {**CONTAINERS, **SILENT}.items():
        run_ffmpeg("-i", source, "-c", "copy", *options, folder / name)
    return folder


def is_part(content: bytes) -> bool:
    return ends_early(BytesIO(content), len(content))


@pytest.mark.parametrize("name", [*CONTAINERS, *SILENT])
def test_a_whole_file_is_whole(files: Path, name: str) -> None:
    refuse_part(str(files / name))


@pytest.mark.parametrize("name", CONTAINERS)
def test_a_file_cut_anywhere_but_between_its_boxes_is_a_part(files: Path, name: str) -> None:
    whole = (files / name).read_bytes()
    for cut in range(64, len(whole)):
        a_box_begins = re.search(rb"moov|mdat|moof|mfra|free", whole[cut - 3 : cut + 8])
        assert is_part(whole[:cut]) or a_box_begins


@pytest.mark.parametrize("name", SILENT)
def test_where_no_length_is_said_nothing_is_missed(files: Path, name: str) -> None:
    whole = (files / name).read_bytes()
    assert not is_part(whole[: len(whole) // 2])


def test_what_somebody_appended_is_not_taken_for_a_box(files: Path) -> None:
    whole = (files / "plain.mp4").read_bytes()
    assert not is_part(whole + b"\xff" * 100)
    assert not is_part(whole + b"\0" * 100)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"no video at all" * 10,
        b"\0\0\0\x07free" * 100,
        b"\0\0\0\1mdat",
        b"\x1a\x45\xdf\xa3",
        b"\x1a\x45\xdf\xa3\0",
    ],
)
def test_what_is_no_footage_does_not_matter_here(content: bytes) -> None:
    assert not is_part(content)


def test_a_file_of_nothing_but_small_boxes_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("footage.ending._MOST_BOXES", 100)
    file = BytesIO(b"\0\0\0\x08free" * 1000)
    assert not ends_early(file, 8000)
    assert file.tell() < 1000


def test_a_part_is_refused_with_a_reason(files: Path, tmp_path: Path) -> None:
    part = tmp_path / "part.mp4"
    part.write_bytes((files / "index first.mp4").read_bytes()[:-1])
    with pytest.raises(UnreadableFootage, match="copy it again"):
        refuse_part(str(part))
    with pytest.raises(RefusedFootage):
        refuse_part(str(tmp_path))
