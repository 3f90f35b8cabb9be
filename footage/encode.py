"""Encodes pictures as a small clip for browsers, in a child process in the decoder's sandbox.

By now the pictures are our own. The child is sandboxed all the same because they are private: they
go in through a file without a name and come back through a pipe, and go nowhere else.
"""

import os
import subprocess
from collections.abc import Sequence
from io import FileIO

import numpy as np
from numpy.typing import NDArray

from errors import DecoderFailed
from footage.guards import Decoder
from footage.sandbox.sandbox import start

_LONGEST_SECONDS = 60
_FRAGMENTS = "frag_keyframe+empty_moov+default_base_moof"
"""An mp4 that can be written to a pipe."""


def encode_mp4(
    pictures: Sequence[NDArray[np.uint8]],
    *,
    frames_per_second: float,
    max_side_px: int,
    decoder: Decoder,
) -> bytes:
    """Encode RGB pictures of one size, uint8 [height, width, 3], as H.264 in MP4.

    They are scaled down so that no side is longer than `max_side_px`. Raises DecoderFailed if
    ffmpeg fails or takes longer than a minute.
    """
    height, width, _ = pictures[0].shape
    shrink = min(1.0, max_side_px / max(width, height))
    size = [max(2, round(side * shrink / 2) * 2) for side in (width, height)]
    command = [
        decoder.executable,
        *("-nostdin", "-hide_banner", "-loglevel", "error"),
        *("-protocol_whitelist", "fd,pipe", "-f", "rawvideo", "-pix_fmt", "rgb24"),
        *("-video_size", f"{width}x{height}", "-framerate", f"{frames_per_second}"),
        *("-i", "fd:", "-vf", f"scale={size[0]}:{size[1]}", "-pix_fmt", "yuv420p"),
        *("-c:v", "libx264", "-preset", "veryfast", "-crf", "26", "-threads", "1"),
        *("-movflags", _FRAGMENTS, "-f", "mp4", "pipe:1"),
    ]
    return _run(command, pictures, decoder)


def _run(command: list[str], pictures: Sequence[NDArray[np.uint8]], decoder: Decoder) -> bytes:
    limits = {"as": decoder.memory_mb << 20, "cpu": _LONGEST_SECONDS}
    with FileIO(os.memfd_create("clip"), "w+") as file:
        for picture in pictures:
            file.write(picture.tobytes())
        file.seek(0)
        try:
            child = start(command, decoder.sandbox, limits, stdin=file.fileno())
        except OSError as error:
            raise DecoderFailed(f"ffmpeg cannot be started: {error.strerror}.") from None
    try:
        clip, log = child.communicate(timeout=_LONGEST_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        raise DecoderFailed("ffmpeg took too long to make the clip; try again.") from None
    if child.returncode or not clip:
        raise DecoderFailed(_explained(log.decode(errors="replace")))
    return clip


def _explained(log: str) -> str:
    if "Unknown encoder" in log:
        return "This ffmpeg cannot write H.264; install one that can, or take imageio-ffmpeg's."
    return "ffmpeg could not make the clip; try again."
