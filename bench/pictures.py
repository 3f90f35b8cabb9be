"""Pictures with faces at random places, sizes, angles and exposures, to compare detectors on."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from demo.portraits import portrait

HEADS = {"astronaut": (120, 0, 340, 260), "grace_hopper": (80, 40, 480, 440)}
"""The part of each portrait that is used: left, top, right, bottom in its pixels."""


def crowds(seed: int, count: int) -> list[NDArray[np.uint8]]:
    """Draw small pictures of no one, one, two and three people in turn."""
    rng = np.random.default_rng(seed)
    pictures = []
    for number in range(count):
        faces = number % 4
        width, height = rng.integers(160, 240) + faces // 2 * 80, rng.integers(150, 230)
        pictures.append(crowd(rng, faces=faces, width=int(width), height=int(height)))
    return pictures


def crowd(rng: np.random.Generator, *, faces: int, width: int, height: int) -> NDArray[np.uint8]:
    """Draw RGB [height, width, 3] with `faces` heads side by side, some of them cut off."""
    coarse = rng.integers(0, 255, (max(2, height // 20), max(2, width // 20), 3))
    picture = Picture.fromarray(coarse.astype(np.uint8)).resize((width, height))
    for number in range(faces):
        head = _head(rng, smallest=110, largest=max(130, height * 4 // 3))
        middle = (number + rng.uniform(0.3, 0.7)) * width / faces
        top = rng.integers(-head.height // 6, max(1, height - head.height * 3 // 4))
        picture.paste(head, (int(middle - head.width / 2), int(top)))
    noise = rng.normal(0, rng.uniform(0, 20), (height, width, 3))
    exposed = np.asarray(picture) * rng.uniform(0.3, 1.2) + noise
    return exposed.clip(0, 255).astype(np.uint8)


def _head(rng: np.random.Generator, *, smallest: int, largest: int) -> Picture.Image:
    name = str(rng.choice(list(HEADS)))
    side = int(rng.integers(smallest, largest))
    head = Picture.fromarray(portrait(name)).crop(HEADS[name]).resize((side, side))
    return head.rotate(rng.normal(0, 12), resample=Picture.Resampling.BILINEAR)
