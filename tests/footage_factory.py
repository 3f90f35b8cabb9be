"""Draws clips with known truth through ffmpeg, for the tests of every package.

    draw(path, numbered(100))            # 4 s of H.264 at 25 frames a second; picture k shows k
    number(image)                        # reads k back from a decoded picture, of any size
    draw(path, my_pictures(), fps=10)    # any iterable of RGB uint8 arrays [h, w, 3] of one size
    run_ffmpeg("-i", a, "-c", "copy", b) # everything else ffmpeg can do

Picture k of `draw` is shown at exactly k / fps seconds, unless `filters` says otherwise.
"""

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "25")
"""H.264 with reordered pictures and a keyframe every 25 pictures."""

_CELLS = 4
_MARK = (1, 0, 0, 0)


def draw(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    *,
    fps: float = 25,
    options: Sequence[str] = X264,
    filters: str = "null",
) -> Path:
    """Write RGB pictures as a video; its name's ending chooses the container."""
    pictures = iter(pictures)
    first = next(pictures)
    height, width, _ = first.shape
    arguments = [
        *("-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", f"{fps}"),
        *("-i", "-", "-fps_mode", "passthrough", "-vf", filters, "-pix_fmt", "yuv420p"),
        *options,
        path,
    ]
    run_ffmpeg(*arguments, pictures=chain([first], pictures))
    return path


def numbered(count: int, *, width: int = 160, height: int = 96) -> Iterator[NDArray[np.uint8]]:
    """Pictures 0 to `count` - 1 (4096 at most), each showing its own number in black and white."""
    for value in range(count):
        bits = [*_MARK, *((value >> place) & 1 for place in reversed(range(12)))]
        cells = np.array(bits, np.uint8).reshape(_CELLS, _CELLS) * 255
        rows, columns = (np.arange(side) * _CELLS // side for side in (height, width))
        yield np.repeat(cells[rows][:, columns, None], 3, axis=2)


def number(image: NDArray[np.uint8]) -> int:
    """The number a picture of `numbered` shows; ValueError when it is not upright or damaged."""
    height, width, _ = image.shape
    places = (2 * np.arange(_CELLS) + 1) / (2 * _CELLS)
    cells = image[(places * height).astype(int)][:, (places * width).astype(int)].mean(axis=2)
    bits = [int(bit) for bit in (cells > 127).ravel()]
    if tuple(bits[:4]) != _MARK:
        raise ValueError(f"no upright number: {bits}")
    return sum(bit << place for bit, place in zip(bits[4:], reversed(range(12)), strict=True))


def run_ffmpeg(*arguments: str | Path, pictures: Iterable[NDArray[np.uint8]] = ()) -> None:
    """Run ffmpeg, overwriting its output; `pictures` are piped into `-i -`."""
    command = [_executable(), "-hide_banner", "-loglevel", "error", "-y", *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        assert child.stdin is not None
        for picture in pictures:
            child.stdin.write(picture.tobytes())
        child.stdin.close()
        try:
            child.wait(timeout=60)
        finally:
            child.kill()
    assert child.returncode == 0, f"ffmpeg could not draw: {command}"


@cache
def _executable() -> str:
    """The ffmpeg with all encoders, whichever the system has."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())
