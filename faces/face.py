"""The values that every detector returns."""

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Image: TypeAlias = NDArray[np.uint8]
"""RGB, shape [height, width, 3]."""

EYES_NOSE_MOUTH = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
"""Centres of the eyes, tip of the nose and corners of the mouth, as most detectors give them."""
EYE_CORNERS_NOSE = (
    "right_eye_outer", "right_eye_inner", "left_eye_outer", "left_eye_inner", "nose_base",
)  # fmt: skip
"""dlib's five points."""


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle in pixels of the picture it was found in."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Named points of a face; left and right are as the viewer sees them."""

    names: tuple[str, ...]
    points: NDArray[np.float32]
    """Shape [len(names), 2], (x, y) in pixels of the picture; nan for an unknown point."""

    def centre(self, part: str) -> NDArray[np.float64]:
        """The middle (x, y) of the points whose names begin with `part`, e.g. `left_eye`."""
        of_part = [number for number, name in enumerate(self.names) if name.startswith(part)]
        middle: NDArray[np.float64] = self.points[of_part].astype(np.float64).mean(axis=0)
        return middle

    def eyes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The middle (x, y) of each eye, in the detector's order."""
        left, right = self.centre("left_eye"), self.centre("right_eye")
        return (left, right) if self.names[0].startswith("left") else (right, left)

    def moved(self, corner: ArrayLike, scale: ArrayLike) -> "Landmarks":
        """The points relative to `corner` (x, y), then multiplied by `scale` (x, y)."""
        points = (self.points - np.asarray(corner)) * np.asarray(scale)
        return replace(self, points=points.astype(np.float32))


@dataclass(frozen=True, slots=True)
class Face:
    """One detection in one picture."""

    box: Box
    landmarks: Landmarks
    score: float
    """The detector's own score; higher is surer, and only scores of one detector compare."""
