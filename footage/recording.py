"""A recording: one video file, identified by its bytes, and its properties without decoding."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from errors import FootageVanished, RefusedFootage, UnreadableFootage
from footage.ffmpeg import Child
from footage.guards import CODECS, Decoder
from footage.header import Header, read_header, verdict
from footage.opening import VANISHED, open_footage, refuse_holes
from footage.packets import LISTED, Listing, list_packets
from footage.remote.held_reads import Supply

_BLOCK_BYTES = 1 << 20
_SLOWEST_DISK_BYTES_PER_SECOND = 20_000_000
_LONGEST_MS = 31 * 24 * 3600 * 1000
_STRANGEST_PIXEL = 4
"""A pixel with a larger ratio of its sides is taken for an error in the file."""


@dataclass(frozen=True, slots=True)
class Recording:
    """The properties of a file, read from its header and packets."""

    path: str
    """May contain surrogate escapes, because names on disk are bytes."""
    size_bytes: int
    codec: str
    width: int
    """Pixels; like `height` upright and in square pixels, as `sample` gives the pictures."""
    height: int
    rotation: int
    """Clockwise degrees that turn the coded picture upright."""
    pixel_format: str
    frame_rate: Fraction | None
    """As the header claims it; times are never derived from it."""
    time_base: Fraction
    """Seconds per tick of a pts."""
    start_us: int
    """Recording time zero: the container's start time, microseconds."""
    duration_claimed_ms: int | None
    """From the header."""
    duration_ms: int
    """Measured: end of the last video packet, from recording time zero."""
    packets: int
    captured_claimed_ms: int | None = None
    """When it was recorded, as the header claims: milliseconds since 1970 UTC."""
    captured_words: str | None = None
    """That claim as ffmpeg reads it, e.g. `2026-01-05T12:34:56.000000Z`."""
    keyframes: tuple[int, ...] = ()
    """Pts of keyframes to cut at, ascending; every second one is left out, repeatedly, if there are
    more than 65,536."""
    supply: Supply | None = field(default=None, compare=False)
    """Fetches the missing parts of the file at `path`; None if the file is complete."""

    def time_ms(self, pts: int) -> int:
        """Recording time of a pts, computed exactly and rounded to milliseconds."""
        return _time_ms(pts, self.time_base, self.start_us)


def fingerprint(path: str, progress: Callable[[int], None] = lambda _: None) -> str:
    """The sha256 of a file's bytes, 64 hex digits.

    `progress` is called with the number of bytes read so far. Raises what `open_footage` raises,
    and UnreadableFootage if the file cannot be read to its end.
    """
    digest, block = hashlib.sha256(), memoryview(bytearray(_BLOCK_BYTES))
    with open_footage(path) as file:
        try:
            while count := file.readinto(block):
                digest.update(block[:count])
                progress(file.tell())
        except OSError as error:  # a failing disk
            raise UnreadableFootage(
                f"The file cannot be read to its end: {error.strerror}; copy it again."
            ) from None
    return digest.hexdigest()


def probe(path: str, decoder: Decoder) -> Recording:
    """Read a file's header and packets without decoding.

    Raises UnreadableFootage or RefusedFootage with the reason, FootageVanished if the file does not
    exist, and DecoderFailed if ffmpeg itself died or ran out of time.
    """
    with open_footage(path) as file:
        refuse_holes(file)
        size_bytes = file.seek(0, os.SEEK_END)
    if not size_bytes:
        raise UnreadableFootage("The file is empty; copy or export it again.")
    seconds = decoder.timeout_seconds + size_bytes / _SLOWEST_DISK_BYTES_PER_SECOND
    child = Child(decoder, path, reading={}, writing=lambda _: LISTED, timeout_seconds=seconds)
    with child:
        listing = list_packets(child.lines())
        child.finish()
    header = read_header(child.log)
    if header is None or not listing.packets or 0 in listing.dimensions:
        raise FootageVanished(VANISHED) if not Path(path).exists() else verdict(child.log)
    _check(listing, decoder)
    return _recording(path, size_bytes, listing, header)


def _check(listing: Listing, decoder: Decoder) -> None:
    codec = listing.fields.get("codec_id", "none")
    width, height = listing.dimensions
    if codec not in CODECS.split(","):
        raise RefusedFootage(f"Unsupported video codec {codec}; convert the video to H.264.")
    if width * height > decoder.max_pixels:
        raise RefusedFootage(
            f"Frames of {width}x{height} are larger than allowed; scale the video down or raise"
            " NIGHTREEL_MAX_PIXELS."
        )
    if listing.runs_backwards:
        raise RefusedFootage(
            "The timestamps of this video jump backwards; split it there and add the parts."
        )


def _recording(path: str, size_bytes: int, listing: Listing, header: Header) -> Recording:
    width, height = _upright(listing, header.rotation)
    time_base = listing.time_base
    start_us = header.start_us or 0
    if header.start_us is None:  # no clock: ffmpeg counts from zero and cannot seek
        duration_ms = _time_ms(listing.end - listing.first, time_base, 0)
    else:
        duration_ms = _time_ms(listing.end, time_base, start_us)
    if not 0 < duration_ms <= _LONGEST_MS:
        raise RefusedFootage(
            "The timestamps of this video are invalid; convert it and add the result."
        )
    return Recording(
        path=path,
        size_bytes=size_bytes,
        codec=listing.fields["codec_id"],
        width=width,
        height=height,
        rotation=header.rotation,
        pixel_format=header.pixel_format,
        frame_rate=header.frame_rate,
        time_base=time_base,
        start_us=start_us,
        duration_claimed_ms=header.duration_claimed_ms,
        duration_ms=duration_ms,
        packets=listing.packets,
        captured_claimed_ms=header.captured_claimed_ms,
        captured_words=header.captured_words,
        keyframes=() if header.start_us is None else tuple(listing.keyframes),
    )


def _upright(listing: Listing, rotation: int) -> tuple[int, int]:
    """Width and height as displayed: stretched to square pixels, then turned upright."""
    width, height = listing.dimensions
    aspect = listing.pixel_aspect
    if 1 < aspect <= _STRANGEST_PIXEL:
        width = round(width * aspect)
    elif Fraction(1, _STRANGEST_PIXEL) <= aspect < 1:
        height = round(height / aspect)
    return (height, width) if rotation % 180 else (width, height)


def _time_ms(pts: int, time_base: Fraction, start_us: int) -> int:
    ticks_us = pts * time_base.numerator * 1_000_000 - start_us * time_base.denominator
    return round(Fraction(ticks_us, time_base.denominator * 1000))
