"""What an ffmpeg child may do with a file: the guards that every command line carries.

The files are other people's: a child may read one open file of a known kind, with few decoders.
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
"""Demuxers that read one file. Playlists (hls, concat, dash, ...) name further files to open."""

CODECS = (
    "h264,hevc,av1,libdav1d,vp8,vp9,mpeg4,mpeg2video,mpeg1video,mjpeg,h263,flv,msmpeg4v1,msmpeg4v2,"
    "msmpeg4v3,wmv1,wmv2,wmv3,vc1,dvvideo,prores,dnxhd,ffv1,huffyuv,rawvideo,theora,png"
)
"""Video decoders a file may ask for; no sound or subtitle decoder is ever run."""

_MAX_STREAMS = 100


@dataclass(frozen=True, slots=True)
class Decoder:
    """An ffmpeg and what it may take."""

    executable: str
    memory_mb: int
    """Address space of one child, megabytes."""
    timeout_seconds: int
    """How long one child may keep its reader waiting, all waits added up."""
    max_pixels: int
    """Pictures with more pixels than this are refused."""
    sandbox: Sandbox = NO_WALLS
    """What stands around one child."""


def guards(decoder: Decoder) -> Options:
    """Input options of every command, whatever it is for."""
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
