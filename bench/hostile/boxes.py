"""Just enough of MP4 and Matroska to write malformed files."""

import struct
from collections.abc import Callable, Iterator

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"dinf", b"edts", b"udta"}
_UNKNOWN_SIZE = b"\x01\xff\xff\xff\xff\xff\xff\xff"

SEGMENT, CLUSTER, INFO, TRACKS = 0x18538067, 0x1F43B675, 0x1549A966, 0x1654AE6B
VOID, ATTACHMENTS = 0xEC, 0x1941A469


def box(name: bytes, body: bytes = b"") -> bytes:
    """An MP4 box."""
    return struct.pack(">I", len(body) + 8) + name + body


def boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and body of each box; all have 32-bit sizes in the files drawn here."""
    place = 0
    while place < len(data):
        size, name = struct.unpack_from(">I4s", data, place)
        yield name, data[place + 8 : place + size]
        place += size


def edited(data: bytes, wanted: bytes, edit: Callable[[bytes], bytes]) -> bytes:
    """The same boxes with the body of every box `wanted` changed, at any depth."""
    written = b""
    for name, body in boxes(data):
        if name == wanted:
            body = edit(body)
        elif name in _CONTAINERS:
            body = edited(body, wanted, edit)
        written += box(name, body)
    return written


def patched(place: int, layout: str, *values: int) -> Callable[[bytes], bytes]:
    """An edit that writes numbers at a position of a body, in a `struct` layout."""
    new = struct.pack(layout, *values)
    return lambda body: body[:place] + new + body[place + len(new) :]


def element(identity: int, body: bytes, size: int | None = None) -> bytes:
    """A Matroska element, claiming `size` bytes if given; -1 claims an unknown size."""
    name = identity.to_bytes((identity.bit_length() + 7) // 8, "big")
    claimed = len(body) if size is None else size
    return name + (_UNKNOWN_SIZE if claimed < 0 else (claimed | 1 << 56).to_bytes(8, "big")) + body


def matroska(*parts: bytes) -> bytes:
    """A Matroska file whose segment has these parts."""
    head = element(0x1A45DFA3, element(0x4282, b"matroska"))
    return head + element(SEGMENT, b"".join(parts))


def information(duration: float = 3000.0) -> bytes:
    """The element that states a file's duration, in milliseconds."""
    scale = element(0x2AD7B1, (1_000_000).to_bytes(3, "big"))
    return element(INFO, scale + element(0x4489, struct.pack(">d", duration)))


def track(number: int, width: int, height: int, fourcc: bytes = b"MJPG") -> bytes:
    """A video track, its codec named as in AVI."""
    video = _number(0xB0, width) + _number(0xBA, height)
    private = struct.pack("<IiiHH4s5I", 40, width, height, 1, 24, fourcc, 0, 0, 0, 0, 0)
    numbers = _number(0xD7, number) + _number(0x73C5, number) + _number(0x83, 1)
    codec = element(0x86, b"V_MS/VFW/FOURCC") + element(0x63A2, private)
    return element(0xAE, numbers + codec + element(0xE0, video))


def cluster(time: int, *frames: tuple[int, bytes], size: int | None = None) -> bytes:
    """Keyframes of track 1, each with its time in milliseconds after the cluster's."""
    blocks = (
        element(0xA3, b"\x81" + struct.pack(">hB", after, 0x80) + frame) for after, frame in frames
    )
    return element(CLUSTER, _number(0xE7, time) + b"".join(blocks), size)


def attachment(name: str, body: bytes) -> bytes:
    """A file inside a file."""
    inside = element(0x466E, name.encode()) + element(0x4660, b"application/octet-stream")
    return element(0x61A7, inside + element(0x465C, body) + _number(0x46AE, 1))


def _number(identity: int, value: int) -> bytes:
    return element(identity, value.to_bytes(8, "big"))
