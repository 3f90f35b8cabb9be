"""Files that claim more data than they have, or unpack to very much."""

import struct
from collections.abc import Callable
from random import Random

from bench.hostile.boxes import (
    TRACKS,
    VOID,
    box,
    boxes,
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
    GAPS,
    REFUSED,
    TURNED_AWAY,
    UNREADABLE,
    WATCHED,
    Base,
    Kind,
    kind,
)  # fmt: skip
from bench.hostile.pictures import h264_header, jpeg_resized, png

_SIZE = (320, 240)
_MOST = 0xFFFFFFFF
_TABLES = {
    "stts": (patched(4, ">III", 1, _MOST, 1), WATCHED),
    "stsz": (patched(4, ">II", 100, 0x7FFFFFFF), UNREADABLE),
    "stsc": (patched(4, ">I", 0x0FFFFFFF), UNREADABLE),
    "stco": (patched(4, ">I", 0x3FFFFFFF), WATCHED),
    "stss": (patched(4, ">I", 0x3FFFFFFF), UNREADABLE),
    "elst": (patched(4, ">I", 0x0FFFFFFF), WATCHED),
}
"""For each table of an MP4, the edit that gives it a false length, and the verdict: ffmpeg reads
the entries that exist, or gives up."""


def pictures() -> list[Kind]:
    """Small files of large pictures."""
    return [
        kind("PNG of 8192x8192", ".mkv", _png(8192, 8192), REFUSED),
        kind("PNG of 16384x16384", ".mkv", _png(16384, 16384), REFUSED),
        kind(
            "PNG of 8192x8192 that claims 320x240",
            ".mkv",
            _png(8192, 8192, _SIZE),
            REFUSED | GAPS | UNREADABLE,
        ),
        kind(
            "PNG of 16 bit, the largest allowed",
            ".mkv",
            _png(6272, 6272, bits=16, kind=6),
            ANY - REFUSED,
        ),
        kind("MJPEG that claims 16384x16384", ".avi", _avi_of((1 << 14, 1 << 14)), REFUSED),
        kind("MJPEG that claims 65500x600", ".avi", _avi_of((65500, 600)), UNREADABLE),
        kind(
            "header of 65535x65535",
            ".mp4",
            _edited(b"stsd", patched(8 + 32, ">HH", 65535, 65535)),
            WATCHED,
        ),
        kind("header of 0x0", ".mp4", _edited(b"stsd", patched(8 + 32, ">HH", 0, 0)), WATCHED),
        kind("H.264 that claims 16384x16384", ".h264", _h264_resized, WATCHED),
    ]


def tables() -> list[Kind]:
    """Indexes, trees and buffers that claim enormous lengths."""
    return [
        *(
            kind(f"MP4 with a giant {name}", ".mp4", _edited(name.encode(), edit), expected)
            for name, (edit, expected) in _TABLES.items()
        ),
        kind("MP4 with an unpacked index of 2 GB", ".mp4", _packed_index, TURNED_AWAY),
        kind("MP4 of 20,000 boxes in each other", ".mp4", _nested_boxes, TURNED_AWAY),
        kind(
            "MP4 box of 2^63 bytes", ".mp4", lambda base, _: base.mp4[:32] + _LARGE_BOX, TURNED_AWAY
        ),
        kind("MP4 of 3,000 tracks", ".mp4", _many_tracks, TURNED_AWAY),
        kind(
            "MP4 header of 2 GB of nothing",
            ".mp4",
            lambda base, _: base.mp4 + struct.pack(">I4s", 0x7FFFFFFF, b"moov"),
            WATCHED,
        ),
        kind("Matroska of 3,000 tracks", ".mkv", _many_streams, WATCHED),
        kind("Matroska of 100,000 voids", ".mkv", _voids, WATCHED),
        kind("Matroska void of 2^56 bytes", ".mkv", _endless_void, WATCHED),
        kind("Matroska of 20,000 elements in each other", ".mkv", _nested_elements, TURNED_AWAY),
        kind("Matroska block of 1 TB", ".mkv", _endless_cluster, WATCHED),
        kind("Matroska of unknown sizes", ".mkv", _unknown_sizes, WATCHED),
        kind("FLV with 10,000 arrays in each other", ".flv", _nested_arrays, TURNED_AWAY),
        kind(
            "ASF object of 2^62 bytes",
            ".wmv",
            lambda *_: _ASF + struct.pack("<QIBB", 1 << 62, 9, 1, 2),
            TURNED_AWAY,
        ),
        kind("MXF without end", ".mxf", _mxf, TURNED_AWAY),
        kind("Ogg pages of nothing", ".ogv", _ogg, TURNED_AWAY),
    ]


_LARGE_BOX = struct.pack(">I4sQ", 1, b"moov", 1 << 63)
_ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")


def frame(base: Base) -> bytes:
    """One JPEG of the honest recording."""
    start = base.avi.index(b"\xff\xd8")
    return base.avi[start : base.avi.index(b"\xff\xd9", start) + 2]


def in_matroska(*parts: bytes) -> bytes:
    """A Matroska file with one track of JPEGs and these parts after its header."""
    return matroska(information(), element(TRACKS, track(1, *_SIZE)), *parts)


def _png(
    width: int, height: int, claimed: tuple[int, int] | None = None, *, bits: int = 1, kind: int = 0
) -> Callable[[Base, Random], bytes]:
    def body(_base: Base, _: Random) -> bytes:
        picture = png(width, height, bits=bits, kind=kind)
        tracks = element(TRACKS, track(1, *(claimed or (width, height)), fourcc=b"MPNG"))
        return matroska(information(), tracks, cluster(0, (0, picture)))

    return body


def _avi_of(size: tuple[int, int]) -> Callable[[Base, Random], bytes]:
    def body(base: Base, _: Random) -> bytes:
        header = struct.pack("<II", *_SIZE), struct.pack("<II", *size)
        return jpeg_resized(base.avi.replace(*header), _SIZE, size)

    return body


def _h264_resized(base: Base, _: Random) -> bytes:
    start, end = (base.h264.index(b"\x00\x00\x01", place) for place in (0, 4))
    return base.h264.replace(base.h264[start:end], h264_header(1 << 14, 1 << 14)[1:])


def _edited(name: bytes, edit: Callable[[bytes], bytes]) -> Callable[[Base, Random], bytes]:
    return lambda base, _: edited(base.mp4, name, edit)


def _packed_index(_base: Base, _: Random) -> bytes:
    packed = box(b"cmvd", struct.pack(">I", 0x7FFFFF00) + bytes(100))
    return box(b"ftyp", b"qt  " + bytes(4)) + box(
        b"moov", box(b"cmov", box(b"dcom", b"zlib") + packed)
    )


def _nested_boxes(base: Base, _: Random) -> bytes:
    depth = 20_000
    heads = (struct.pack(">I4s", 8 * (depth - level), b"moov") for level in range(depth))
    return base.mp4[:32] + b"".join(heads)


def _many_tracks(base: Base, _: Random) -> bytes:
    def repeat(body: bytes) -> bytes:
        parts = dict(boxes(body))
        return body + box(b"trak", parts[b"trak"]) * 3000

    return b"".join(
        box(name, repeat(body) if name == b"moov" else body) for name, body in boxes(base.mp4)
    )


def _many_streams(base: Base, _: Random) -> bytes:
    tracks = b"".join(track(number, *_SIZE) for number in range(1, 3001))
    return matroska(information(), element(TRACKS, tracks), cluster(0, (0, frame(base))))


def _voids(base: Base, _: Random) -> bytes:
    picture = frame(base)
    voids = element(VOID, b"") * 100_000
    return in_matroska(cluster(0, (0, picture)), voids, cluster(1000, (0, picture)))


def _endless_void(base: Base, _: Random) -> bytes:
    void = element(VOID, b"", (1 << 56) - 2)
    return in_matroska(cluster(0, (0, frame(base))), void, cluster(1000, (0, frame(base))))


def _nested_elements(_base: Base, _: Random) -> bytes:
    return in_matroska(element(0x1254C367, b"", 1 << 40) * 20_000)


def _endless_cluster(base: Base, _: Random) -> bytes:
    block = element(0xA3, b"\x81\x00\x00\x80" + frame(base), 1 << 40)
    return in_matroska(cluster(0, (0, frame(base))), element(0x1F43B675, block, 1 << 41))


def _unknown_sizes(base: Base, _: Random) -> bytes:
    picture = frame(base)
    return in_matroska(*(cluster(1000 * second, (0, picture), size=-1) for second in range(3)))


def _nested_arrays(_base: Base, _: Random) -> bytes:
    body = b"\x02\x00\x0aonMetaData" + b"\x0a\x00\x00\x00\x01" * 10_000
    tag = b"\x12" + len(body).to_bytes(3, "big") + bytes(7) + body
    return b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00" + tag + len(tag).to_bytes(4, "big")


def _mxf(_base: Base, random: Random) -> bytes:
    key = bytes.fromhex("060e2b34020501010d01020101020400")
    pack = key + b"\x83\x00\x00\x78" + random.randbytes(120)
    return pack + bytes.fromhex("060e2b34025301010d01010101012f00") * 500


def _ogg(_base: Base, _: Random) -> bytes:
    return b"".join(
        struct.pack("<4sBBqIIIB", b"OggS", 0, 2, -1, serial, 0, 0, 1) + b"\x00"
        for serial in range(3000)
    )
