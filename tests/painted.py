"""Footage and photos for the engine `stub`: people are painted rectangles, each of one colour.

paint(path, 12, Stay(RED, 1, 4), Stay(BLUE, 6, 9, x=200))   # 12 s; red from 1 s to 4 s, ...
paint_photo(path, RED)                                      # a portrait of red
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from footage_factory import draw
from numpy.typing import NDArray
from PIL import Image

WIDTH, HEIGHT, FRAMES_PER_SECOND = 320, 240, 10
SECONDS_BETWEEN_KEYFRAMES = 1
RED, GREEN, BLUE = (225, 30, 30), (30, 200, 30), (40, 60, 230)
GROUND = 110

X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-g", str(FRAMES_PER_SECOND))


@dataclass(frozen=True)
class Stay:
    """One person in the picture, [from_s, to_s)."""

    colour: tuple[int, int, int]
    from_s: float
    to_s: float
    x: int = 20


def paint(path: Path, seconds: float, *stays: Stay) -> Path:
    """Draw footage with these people in it, H.264 with a keyframe a second."""
    return draw(path, _pictures(seconds, stays), fps=FRAMES_PER_SECOND, options=X264)


def paint_photo(path: Path, *colours: tuple[int, int, int], side: int = 160) -> Path:
    """Draw a photo of these people side by side."""
    photo = np.full((240, 40 + 200 * max(len(colours), 1), 3), GROUND, np.uint8)
    for place, colour in enumerate(colours):
        left = 40 + 200 * place
        photo[40 : 40 + side, left : left + side] = colour
    Image.fromarray(photo).save(path)
    return path


def _pictures(seconds: float, stays: tuple[Stay, ...]) -> Iterator[NDArray[np.uint8]]:
    for number in range(round(seconds * FRAMES_PER_SECOND)):
        picture = np.full((HEIGHT, WIDTH, 3), GROUND, np.uint8)
        for stay in stays:
            if stay.from_s <= number / FRAMES_PER_SECOND < stay.to_s:
                picture[60:180, stay.x : stay.x + 100] = stay.colour
        yield picture
