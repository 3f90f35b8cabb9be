"""Files that are broken, truncated or no video."""

import io
import zipfile
from collections.abc import Callable
from random import Random

from bench.hostile.boxes import boxes
from bench.hostile.kind import (
    ANY,
    GAPS,
    REFUSED,
    TURNED_AWAY,
    UNREADABLE,
    WATCHED,
    Base,
    Kind,
    chunks,
    kind,
)
from bench.hostile.sizes import frame

_TS_PACKET = 188
_CUTS = {"ftyp": 0, "free": 1, "mdat": 2, "moov": 3}
"""Positions of the boxes in the honest recording."""


def damage() -> list[Kind]:
    """Accidental damage, and files that look like it."""
    return [
        *(
            kind(f"cut off in {name}", ".mp4", _cut(index), UNREADABLE)
            for name, index in _CUTS.items()
        ),
        *(
            kind(f"cut off before {name}", ".mp4", _cut(index, 0), UNREADABLE)
            for name, index in _CUTS.items()
        ),
        kind(
            "cut off in mdat, after its index",
            ".mp4",
            lambda base, _: base.streamed[: -len(base.streamed) // 4],
            GAPS | WATCHED,
        ),
        kind(
            "cut off in a Matroska cluster",
            ".mkv",
            lambda base, _: base.mkv[: len(base.mkv) // 2],
            GAPS | WATCHED,
        ),
        *(
            kind(f"flipped bytes in MP4, {seed}", ".mp4", _flipped("streamed", seed), ANY)
            for seed in range(6)
        ),
        *(
            kind(f"flipped bytes in Matroska, {seed}", ".mkv", _flipped("mkv", seed), ANY)
            for seed in range(3)
        ),
        *(
            kind(f"flipped bytes in AVI, {seed}", ".avi", _flipped("avi", seed), ANY)
            for seed in range(3)
        ),
        *(
            kind(f"flipped bytes in TS, {seed}", ".ts", _flipped("ts", seed), ANY)
            for seed in range(3)
        ),
        kind("AVI without its index", ".avi", _without_index, WATCHED),
        kind("AVI whose index points nowhere", ".avi", _lying_index, WATCHED),
        kind("TS with garbage between", ".ts", _garbage_between, UNREADABLE),
        kind("TS of sync bytes alone", ".ts", lambda *_: b"\x47" * _TS_PACKET * 2000, TURNED_AWAY),
        kind("TS of nothing but garbage", ".ts", _garbage_packets, TURNED_AWAY),
        kind("size changes in the middle", ".h264", _two_sizes, WATCHED),
        kind("encrypted", ".mp4", _encrypted, REFUSED),
        kind("zip behind an honest recording", ".mp4", lambda base, _: base.mp4 + _zip(), WATCHED),
    ]


def no_video() -> list[Kind]:
    """Files of other kinds."""
    return [
        kind("nothing", ".mp4", lambda *_: b"", UNREADABLE),
        kind("one byte", ".mp4", lambda *_: b"\x00", UNREADABLE),
        kind("text", ".mp4", lambda *_: b"Dear diary, nothing new.\n" * 100, UNREADABLE),
        kind("web page", ".mp4", lambda *_: b"<!doctype html><video src='file:///a'>", UNREADABLE),
        kind("zip", ".mp4", lambda *_: _zip(), UNREADABLE),
        kind("noise", ".mp4", lambda _, random: random.randbytes(200_000), UNREADABLE),
        kind("program", ".mp4", lambda *_: b"\x7fELF\x02\x01\x01" + bytes(5000), UNREADABLE),
        kind(
            "GIF",
            ".mp4",
            lambda *_: b"GIF89a\x01\x00\x01\x00\x80\x00\x00" + bytes(6) + b",",
            TURNED_AWAY,
        ),
        kind("sound alone", ".mp4", lambda base, _: base.sound, UNREADABLE),
        kind("cover picture alone", ".mp3", _cover, TURNED_AWAY),
        kind(
            "subtitles",
            ".mkv",
            lambda *_: b"1\n00:00:00,000 --> 00:00:01,000\nHello\n",
            TURNED_AWAY,
        ),
    ]


def _cut(index: int, share: float = 0.5) -> Callable[[Base, Random], bytes]:
    def body(base: Base, _: Random) -> bytes:
        lengths = [len(content) + 8 for _, content in boxes(base.mp4)]
        return base.mp4[: sum(lengths[:index]) + int(lengths[index] * share)]

    return body


def _flipped(which: str, seed: int) -> Callable[[Base, Random], bytes]:
    def body(base: Base, random: Random) -> bytes:
        data = bytearray(getattr(base, which))
        random.seed(f"{random.random()} {seed}")
        for place in random.sample(range(len(data)), len(data) // 200):
            data[place] ^= 1 << random.randrange(8)
        return bytes(data)

    return body


def _without_index(base: Base, _: Random) -> bytes:
    return base.avi[: base.avi.rindex(b"idx1")]


def _lying_index(base: Base, random: Random) -> bytes:
    place = base.avi.rindex(b"idx1") + 8
    return base.avi[:place] + random.randbytes(len(base.avi) - place)


def _garbage_between(base: Base, random: Random) -> bytes:
    packets = chunks(base.ts, _TS_PACKET)
    return b"".join(packet + random.randbytes(random.randrange(40)) for packet in packets)


def _garbage_packets(_base: Base, random: Random) -> bytes:
    return b"".join(b"\x47" + random.randbytes(_TS_PACKET - 1) for _ in range(2000))


def _two_sizes(base: Base, _: Random) -> bytes:
    return base.h264 + base.h264_small + base.h264


def _encrypted(base: Base, random: Random) -> bytes:
    parts = dict(boxes(base.mp4))
    renamed = base.mp4.replace(b"avc1", b"encv")
    return renamed.replace(parts[b"mdat"], random.randbytes(len(parts[b"mdat"])))


def _zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("../../evil", bytes(1 << 20))
    return file.getvalue()


def _cover(base: Base, _: Random) -> bytes:
    picture = b"\x00image/jpeg\x00\x03\x00" + frame(base)
    tag = b"APIC" + len(picture).to_bytes(4, "big") + bytes(2) + picture
    size = bytes((len(tag) >> place) & 0x7F for place in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + tag + (b"\xff\xfb\x90\x00" + bytes(413)) * 40
