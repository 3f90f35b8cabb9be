"""The two people of the demo: portraits by NASA and the US Navy, both in the public domain."""

from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FOLDER = Path(__file__).parent / "faces"


@cache
def portrait(name: str) -> NDArray[np.uint8]:
    """RGB picture [h, w, 3] of `astronaut` (Eileen Collins) or `grace_hopper`."""
    with Image.open(FOLDER / f"{name}.jpg") as picture:
        return np.asarray(picture.convert("RGB"))
