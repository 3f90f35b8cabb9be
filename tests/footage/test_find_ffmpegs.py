from pathlib import Path

import pytest

from errors import StackTrouble, WrongUsage
from footage.executables import choose, find_ffmpegs


def install(folder: Path, version: str) -> str:
    folder.mkdir(exist_ok=True)
    path = folder / "ffmpeg"
    path.write_text(f"#!/bin/sh\necho 'ffmpeg version {version} Copyright (c) the developers'\n")
    path.chmod(0o755)
    return str(path)


def bundled() -> str:
    return next(found.path for found in find_ffmpegs() if found.origin == "imageio-ffmpeg")


def test_every_ffmpeg_is_listed_with_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        install(tmp_path / "a", "6.1.9-0+deb12u1"),
        install(tmp_path / "b", "n9.9-3-gab"),
    )
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "ffmpeg").symlink_to(first)
    monkeypatch.setenv("PATH", f"{tmp_path}/a:{tmp_path}/b:{tmp_path}/c:/nowhere:/bin")

    found = find_ffmpegs()

    assert [(each.path, each.version, each.number) for each in found[:2]] == [
        (first, "6.1.9-0+deb12u1", (6, 1)),
        (second, "n9.9-3-gab", (9, 9)),
    ]
    assert [each.origin for each in found[:2]] == ["system", "system"]
    assert found[-1].origin == "imageio-ffmpeg" and found[-1].number >= (6, 1)


@pytest.mark.parametrize(
    ("version", "chosen"),
    [("99.0", "system"), ("6.1.9", "bundled"), ("5.1.9", "bundled"), ("N-1-gabc", "bundled")],
)
def test_the_systems_ffmpeg_is_preferred_when_it_is_newer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, chosen: str
) -> None:
    system = install(tmp_path / "bin", version)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/bin")

    assert choose() == (system if chosen == "system" else bundled())


def test_the_one_named_is_taken_even_if_it_is_older(tmp_path: Path) -> None:
    named = install(tmp_path, "6.1.2")

    assert choose(named) == named


@pytest.mark.parametrize("version", ["5.1.9", "banana"])
def test_one_that_is_too_old_or_does_not_say_is_refused(tmp_path: Path, version: str) -> None:
    with pytest.raises(WrongUsage, match=r"6\.0"):
        choose(install(tmp_path, version))


@pytest.mark.parametrize("path", ["/nowhere/ffmpeg", "/bin/true", "/etc/passwd", "/"])
def test_what_is_no_ffmpeg_is_refused(path: str) -> None:
    with pytest.raises(WrongUsage):
        choose(path)


def test_none_at_all_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "none"))

    with pytest.raises(StackTrouble):
        choose()
