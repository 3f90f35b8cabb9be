"""Recordings whose clocks make no sense."""

import struct
from collections.abc import Callable
from random import Random

from bench.hostile.boxes import (
    TRACKS,
    cluster,
    edited,
    element,
    information,
    matroska,
    patched,
    track,
)  # fmt: skip
from bench.hostile.kind import (
    ANY,
    REFUSED,
    UNREADABLE,
    WATCHED,
    Base,
    Kind,
    chunks,
    kind,
)
from bench.hostile.sizes import frame, in_matroska

_MOST = 0xFFFFFFFF
_TS_PACKET = 188


def clocks() -> list[Kind]:
    """Times that are endless, negative, backwards, or divided by zero."""
    return [
        kind("frame rate of 0/0", ".avi", _rate(0, 0), WATCHED),
        kind("frame rate of 4,000,000,000", ".avi", _rate(4_000_000_000, 1), REFUSED),
        kind("a frame in 127 years", ".avi", _rate(1, 4_000_000_000), REFUSED),
        kind("duration of 2^32 - 1 in the header", ".mp4", _durations, WATCHED),
        kind("duration that is no number", ".mkv", _lasting(float("nan")), WATCHED),
        kind("duration without end", ".mkv", _lasting(float("inf")), WATCHED),
        kind("time scale of 0", ".mp4", _scale(0), WATCHED),
        kind("time scale of 1", ".mp4", _scale(1), WATCHED),
        kind("time scale of 2^32 - 1", ".mp4", _scale(_MOST), WATCHED),
        kind(
            "each frame lasts 2^31 ticks",
            ".mp4",
            _edited(b"stts", patched(8, ">II", 30, 1 << 31)),
            WATCHED,
        ),
        kind(
            "each frame lasts 2^32 - 1 ticks",
            ".mp4",
            _edited(b"stts", patched(8, ">II", 30, _MOST)),
            WATCHED,
        ),
        kind("frames of no duration", ".mp4", _edited(b"stts", patched(8, ">II", 30, 0)), REFUSED),
        kind(
            "edit list that begins before time",
            ".mp4",
            _edited(b"elst", patched(8, ">Ii", 3000, -1)),
            UNREADABLE,
        ),
        kind(
            "edit list of 500 million years",
            ".mp4",
            _edited(b"elst", patched(8, ">II", _MOST, _MOST)),
            UNREADABLE,
        ),
        kind("cluster at 2^63", ".mkv", _at(0, (1 << 63) - 1), WATCHED),
        kind("cluster at the end of 64 bits", ".mkv", _at(0, (1 << 64) - 1), WATCHED),
        kind("a second, then a year", ".mkv", _at(0, 1000, 31_536_000_000), REFUSED),
        kind(
            "an hour, then nothing, then an hour later",
            ".mkv",
            _at(0, 3_600_000, 7_200_000),
            WATCHED,
        ),
        kind("negative times", ".mkv", _blocks(-32768, -20000, -10000, 0), WATCHED),
        kind("times in no order", ".mkv", _blocks(900, 100, 700, 100, 300, 0, 500), WATCHED),
        kind("one time for all frames", ".mkv", _blocks(*[0] * 50), REFUSED),
        kind("a clock that is set back", ".ts", lambda base, _: base.ts + base.ts, REFUSED),
        kind("a clock that runs backwards", ".ts", _reversed, WATCHED),
        kind("a clock at its turn", ".ts", _random_clocks, ANY),
    ]


def _edited(name: bytes, edit: Callable[[bytes], bytes]) -> Callable[[Base, Random], bytes]:
    return lambda base, _: edited(base.mp4, name, edit)


def _rate(rate: int, scale: int) -> Callable[[Base, Random], bytes]:
    def body(base: Base, _: Random) -> bytes:
        place = base.avi.index(b"strh") + 28
        return base.avi[:place] + struct.pack("<II", scale, rate) + base.avi[place + 8 :]

    return body


def _durations(base: Base, _: Random) -> bytes:
    media = edited(base.mp4, b"mdhd", patched(16, ">I", _MOST))
    tracks = edited(media, b"tkhd", patched(20, ">I", _MOST))
    return edited(tracks, b"mvhd", patched(16, ">I", _MOST))


def _scale(ticks: int) -> Callable[[Base, Random], bytes]:
    return _edited(b"mdhd", patched(12, ">I", ticks))


def _lasting(duration: float) -> Callable[[Base, Random], bytes]:
    def body(base: Base, _: Random) -> bytes:
        tracks = element(TRACKS, track(1, 320, 240))
        frames = cluster(0, *((500 * count, frame(base)) for count in range(4)))
        return matroska(information(duration), tracks, frames)

    return body


def _at(*times: int) -> Callable[[Base, Random], bytes]:
    """A cluster of one frame at each of these times, milliseconds."""
    return lambda base, _: in_matroska(*(cluster(time, (0, frame(base))) for time in times))


def _blocks(*times: int) -> Callable[[Base, Random], bytes]:
    """One cluster with a frame at each of these times."""
    return lambda base, _: in_matroska(cluster(0, *((time, frame(base)) for time in times)))


def _reversed(base: Base, _: Random) -> bytes:
    """Whole seconds of footage in reverse order."""
    third = len(base.ts) // _TS_PACKET // 3 * _TS_PACKET
    return b"".join(reversed(list(chunks(base.ts, third))))


def _random_clocks(base: Base, random: Random) -> bytes:
    """Every timestamp in the packets' headers is replaced by a random one."""
    data = bytearray(base.ts)
    place = data.find(b"\x00\x00\x01\xe0")
    while place >= 0:
        data[place + 9 : place + 14] = random.randbytes(5)
        place = data.find(b"\x00\x00\x01\xe0", place + 14)
    return bytes(data)
