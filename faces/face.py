"""The values every engine answers with."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""RGB, shape [height, width, 3]."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels of the picture it was found in."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one picture."""

    box: Box
    landmarks: NDArray[np.float32]
    """Shape [5, 2], (x, y): left eye, right eye, nose, left and right mouth corner, as the viewer
    sees them. An engine whose landmarks mean something else says so in its own module."""
    score: float
    """The detector's own score: greater is surer, comparable within one engine only."""
