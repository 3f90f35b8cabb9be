"""A kind of hostile file, and the honest recordings from which most are made."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import TypeAlias

import imageio_ffmpeg


class Verdict(StrEnum):
    """The outcome for a file."""

    REFUSED = "refused"
    UNREADABLE = "unreadable"
    GAPS = "watched with gaps"
    WATCHED = "fully watched"


@dataclass(frozen=True, slots=True)
class Base:
    """Three seconds of a red rectangle on grey, and a secret recording."""

    mp4: bytes
    """With the index at the end: ftyp, free, mdat, moov."""
    streamed: bytes
    """The same with the index at the beginning."""
    mkv: bytes
    avi: bytes
    ts: bytes
    h264: bytes
    h264_small: bytes
    """The same in 160x120."""
    sound: bytes
    """A second of silence, MP4."""
    secret: Path
    """A recording of a green rectangle; no kind may make Nightreel read it."""


Make: TypeAlias = Callable[[Path, Base, Random], Path]
"""Writes a file, or another kind of entry, into an empty folder and returns its path."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of hostile file, and its allowed verdicts."""

    name: str
    make: Make
    expected: frozenset[Verdict]
    meanwhile: Callable[[Path, Base], object] | None = None
    """What happens to the file after it was added and before it is processed."""


REFUSED = frozenset({Verdict.REFUSED})
UNREADABLE = frozenset({Verdict.UNREADABLE})
TURNED_AWAY = REFUSED | UNREADABLE
GAPS = frozenset({Verdict.GAPS})
WATCHED = frozenset({Verdict.WATCHED})
ANY = frozenset(Verdict)
"""For random damage: every verdict is right."""


def kind(
    name: str, ending: str, body: Callable[[Base, Random], bytes], expected: frozenset[Verdict]
) -> Kind:
    """A kind that is a plain file with these bytes."""

    def make(folder: Path, base: Base, random: Random) -> Path:
        path = folder / f"footage{ending}"
        path.write_bytes(body(base, random))
        return path

    return Kind(name, make, expected)


def draw_base(folder: Path) -> Base:
    """Draw the honest recordings, and the secret one, which stays in `folder`."""
    red = _rectangle(folder, "0xE11E1E", "honest.mp4")
    parts = {
        "streamed": ("-movflags", "+faststart", "streamed.mp4"),
        "mkv": ("honest.mkv",),
        "ts": ("honest.ts",),
        "h264": ("-bsf:v", "h264_mp4toannexb", "honest.h264"),
    }
    copies = {name: _copied(folder, red, *how) for name, how in parts.items()}
    ffmpeg("-i", red, "-c:v", "mjpeg", "-q:v", "4", folder / "honest.avi")
    ffmpeg("-i", red, "-vf", "scale=160:120", "-c:v", "libx264", "-bf", "0", folder / "small.h264")
    ffmpeg("-f", "lavfi", "-i", "anullsrc=d=1", "-c:a", "aac", folder / "sound.mp4")
    return Base(
        mp4=red.read_bytes(),
        avi=(folder / "honest.avi").read_bytes(),
        sound=(folder / "sound.mp4").read_bytes(),
        h264_small=(folder / "small.h264").read_bytes(),
        secret=_rectangle(folder, "0x1EC81E", "secret.mp4"),
        **copies,
    )


def ffmpeg(*arguments: str | Path) -> None:
    """Run the ffmpeg that has all encoders."""
    command = [
        imageio_ffmpeg.get_ffmpeg_exe(),
        "-nostdin",
        "-v",
        "error",
        "-y",
        *map(str, arguments),
    ]
    subprocess.run(command, check=True, timeout=60)


def chunks(data: bytes, size: int) -> Iterator[bytes]:
    """`data` in pieces of `size` bytes."""
    return (data[place : place + size] for place in range(0, len(data), size))


def _rectangle(folder: Path, colour: str, name: str) -> Path:
    box = f"drawbox=x=20:y=60:w=100:h=120:color={colour}:t=fill"
    source = f"color=0x6E6E6E:s=320x240:r=10:d=3,{box}"
    options = ("-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-bf", "0")
    ffmpeg("-f", "lavfi", "-i", source, "-pix_fmt", "yuv420p", *options, folder / name)
    return folder / name


def _copied(folder: Path, source: Path, *how: str) -> bytes:
    target = folder / how[-1]
    ffmpeg("-i", source, "-c", "copy", *how[:-1], target)
    return target.read_bytes()
