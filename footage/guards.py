"""Restrictions on what an ffmpeg child may do with a file, part of every command line.

The files are not trusted: a child may read one open file of a known format, with few decoders.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from footage.sandbox.sandbox import NO_WALLS, Sandbox

Options: TypeAlias = Mapping[str, str | int | None]
"""Command-line options without their dash; None for a flag that takes no value."""

CONTAINERS = (
    "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,ivf,dhav,dv,h264,hevc,mpegvideo,m4v,mjpeg"
)
"""Demuxers that read a single file. Playlists (hls, concat, dash, ...) name further files."""

CODECS = (
    "h264,hevc,av1,libdav1d,vp8,vp9,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,msmpeg4v1,msmpeg4v2,"
    "msmpeg4v3,wmv1,wmv2,wmv3,vc1,dvvideo,prores,dnxhd,ffv1,huffyuv,rawvideo,theora,png"
)
"""Video decoders that may run; audio and subtitle decoders never run."""

_MAX_STREAMS = 100


@dataclass(frozen=True, slots=True)
class Decoder:
    """An ffmpeg with its limits and its sandbox."""

    executable: str
    memory_mb: int
    """Limit of one child's address space, megabytes."""
    timeout_seconds: int
    """How long one child may keep its reader waiting, as the sum of all waits."""
    max_pixels: int
    """Pictures with more pixels than this are rejected."""
    sandbox: Sandbox = NO_WALLS
    """The sandbox around each child."""


def guards(decoder: Decoder) -> Options:
    """Input options that every command gets."""
    return {
        "nostdin": None,
        "hide_banner": None,
        "nostats": None,
        "protocol_whitelist": "fd",
        "format_whitelist": CONTAINERS,
        "codec_whitelist": CODECS,
        "max_streams": _MAX_STREAMS,
        "max_pixels": decoder.max_pixels,
        "threads": 1,
        "filter_threads": 1,
        "max_error_rate": 1,
        "copyts": None,
    }
