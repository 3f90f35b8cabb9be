"""Names with a meaning to programs, and entries that are not plain files, or not for long."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random

from bench.hostile.boxes import box
from bench.hostile.kind import REFUSED, TURNED_AWAY, UNREADABLE, WATCHED, Base, Kind

_NAMES = {
    "an option": b"-y.mp4",
    "a long option": b"--help",
    "an option with a value": b"-i",
    "a colon": b"a:b.mp4",
    "a protocol": b"pipe:0",
    "the protocol of descriptors": b"fd:",
    "concat:": b"concat:a.mp4|b.mp4",
    "a pattern": b"%d.mp4",
    "a glob": b"*.mp4",
    "two lines": b"a\n  Stream #0:0 -> #0:0 (copy)\n.mp4",
    "shell words": b"$(touch evil); `touch evil` 'a' \"b\".mp4",
    "no UTF-8": b"caf\xe9 \xff\xfe.mp4",
    "255 bytes": b"n" * 251 + b".mp4",
    "right to left": "\u202e4pm.exe".encode(),
    "a playlist's ending": b"honest.m3u8",
}
_TERABYTE = 1 << 40


def names() -> list[Kind]:
    """An honest recording under hostile names."""
    return [Kind(f"name: {what}", _named(name), WATCHED) for what, name in _NAMES.items()]


def places() -> list[Kind]:
    """Other entries that a folder may contain."""
    honest_for_root = WATCHED if os.geteuid() == 0 else UNREADABLE
    return [
        Kind("link to another recording", _link(lambda base: base.secret), REFUSED),
        Kind("link to /dev/zero", _link(lambda _: Path("/dev/zero")), REFUSED),
        Kind("link to itself", _link(lambda _: Path("footage.mp4")), TURNED_AWAY),
        Kind("link to nothing", _link(lambda _: Path("nothing")), TURNED_AWAY),
        Kind("named pipe", _made(os.mkfifo), REFUSED),
        Kind("socket", _made(_listen), REFUSED),
        Kind("folder", _made(os.mkdir), REFUSED),
        Kind("may not be read", _forbidden, honest_for_root),
        Kind("terabyte of nothing", _sparse(lambda _: b""), REFUSED),
        Kind(
            "terabyte of nothing after an honest beginning", _sparse(lambda base: base.ts), REFUSED
        ),
        Kind("grows after it was added", _honest, UNREADABLE, _grow),
        Kind("is cut off after it was added", _honest, UNREADABLE, _cut),
        Kind("is replaced by a link after it was added", _honest, UNREADABLE, _replace),
        Kind("vanishes after it was added", _honest, UNREADABLE, lambda path, _: path.unlink()),
    ]


def _unlike_any_other(base: Base, what: bytes) -> bytes:
    """The same recording in other bytes, because the same bytes are recognised by their sha256."""
    return base.mp4 + box(b"free", what)


def _named(name: bytes) -> Callable[[Path, Base, Random], Path]:
    def make(folder: Path, base: Base, _: Random) -> Path:
        path = folder / os.fsdecode(name)
        path.write_bytes(_unlike_any_other(base, name))
        return path

    return make


def _link(target: Callable[[Base], Path]) -> Callable[[Path, Base, Random], Path]:
    def make(folder: Path, base: Base, _: Random) -> Path:
        path = folder / "footage.mp4"
        path.symlink_to(target(base))
        return path

    return make


def _made(how: Callable[[Path], None]) -> Callable[[Path, Base, Random], Path]:
    def make(folder: Path, _base: Base, _: Random) -> Path:
        how(folder / "footage.mp4")
        return folder / "footage.mp4"

    return make


def _listen(path: Path) -> None:
    place = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{place}/{path.name}")  # the path itself may be too long
    os.close(place)


def _honest(folder: Path, base: Base, random: Random) -> Path:
    path = folder / "footage.mp4"
    path.write_bytes(_unlike_any_other(base, random.randbytes(16)))
    return path


def _forbidden(folder: Path, base: Base, random: Random) -> Path:
    path = _honest(folder, base, random)
    path.chmod(0)
    return path


def _sparse(begin: Callable[[Base], bytes]) -> Callable[[Path, Base, Random], Path]:
    def make(folder: Path, base: Base, _: Random) -> Path:
        path = folder / "footage.ts"
        path.write_bytes(begin(base))
        os.truncate(path, _TERABYTE)
        return path

    return make


def _grow(path: Path, _: Base) -> None:
    with path.open("ab") as file:
        file.write(box(b"free", bytes(1000)))


def _cut(path: Path, _: Base) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _replace(path: Path, base: Base) -> None:
    path.unlink()
    path.symlink_to(base.secret)
