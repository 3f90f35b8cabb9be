"""Pictures that are small on disk and large in memory, written by hand without an encoder."""

import struct
import zlib


def png(width: int, height: int, *, bits: int = 1, kind: int = 0) -> bytes:
    """A black PNG; `kind` 0 is grey, 6 is colour with transparency."""
    channels = 4 if kind == 6 else 1
    row = bytes(1 + (width * bits * channels + 7) // 8)
    packer = zlib.compressobj(1)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    parts = (b"IHDR", head), (b"IDAT", body), (b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(*part) for part in parts)


def jpeg_resized(data: bytes, old: tuple[int, int], new: tuple[int, int]) -> bytes:
    """The same JPEGs, each claiming size `new` (width, height) instead of `old`."""
    head = b"\xff\xc0\x00\x11\x08"
    return data.replace(
        head + struct.pack(">HH", *old[::-1]), head + struct.pack(">HH", *new[::-1])
    )


def h264_header(width: int, height: int) -> bytes:
    """The header of an H.264 stream (its sequence parameter set), with 16 reference pictures."""
    fields = (0, 0, 2, 16)
    bits = "".join(map(_golomb, fields)) + "0"
    bits += _golomb(width // 16 - 1) + _golomb(height // 16 - 1) + "1100" + "1"
    body = int(bits.ljust(-(-len(bits) // 8) * 8, "0"), 2).to_bytes(-(-len(bits) // 8), "big")
    return b"\x00\x00\x00\x01\x67\x42\x00\x33" + body


def _golomb(value: int) -> str:
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _part(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
