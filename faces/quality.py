"""Face image quality: size, sharpness and frontality, measured from a single picture.

A low value means that a distance computed from this face is worth little; a high value does not
mean that the face was recognised.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pictures

from faces.face import Face, Image, Landmarks

FULL_SIZE_PX = 128
"""A face of this size or more loses no quality by its size."""
HALF_SHARP = 0.02
"""Detail (see `_detail`) of a face blurred so much that recognition begins to suffer: a Gaussian of
three pixels on a chip of 150. Sharp portraits have 0.05 to 0.2, hopelessly blurred ones 0.003."""
DETAIL_SIDE_PX = 64
"""Detail is measured at this size, so that chips of all engines are comparable and noise averages
out."""


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality of one face image."""

    size_px: float
    """Shorter side of the face's box."""
    sharpness: float
    """0 (no detail) to 1, independent of brightness and contrast."""
    frontality: float
    """1 for a face that looks at the camera, 0 for one turned about 50 degrees or more."""
    value: float
    """All three, 0..1: their geometric mean, so that a single bad one lowers the whole."""


def assess(chip: Image, face: Face) -> Quality:
    """Measure quality from a face's aligned chip (RGB, [side, side, 3]) and its detection."""
    size_px = min(face.box.width, face.box.height)
    detail = _detail(chip)
    sharpness = detail / (detail + HALF_SHARP)
    frontality = _frontality(face.landmarks)
    parts = min(1.0, max(0.0, size_px / FULL_SIZE_PX)) * sharpness * frontality
    return Quality(size_px, sharpness, frontality, parts ** (1 / 3))


def _detail(chip: Image) -> float:
    """Variance of the Laplacian of the smoothed picture, as a share of the picture's variance."""
    grey = Pictures.fromarray(chip).convert("L")
    small = grey.resize((DETAIL_SIDE_PX, DETAIL_SIDE_PX), Pictures.Resampling.BOX)
    rows = np.asarray(small, dtype=np.float64)
    rows = (rows[:-2] + 2 * rows[1:-1] + rows[2:]) / 4
    smooth = (rows[:, :-2] + 2 * rows[:, 1:-1] + rows[:, 2:]) / 4
    across = smooth[1:-1, :-2] + smooth[1:-1, 2:]
    along = smooth[:-2, 1:-1] + smooth[2:, 1:-1]
    laplacian = across + along - 4 * smooth[1:-1, 1:-1]
    variance = float(smooth.var())
    return float(laplacian.var()) / variance if variance > 0 else 0.0


def _frontality(landmarks: Landmarks) -> float:
    """How central the nose is between the eyes, along the line through both, 0 to 1."""
    if not np.isfinite(landmarks.points).all():
        return 0.0
    first_eye, second_eye = landmarks.eyes()
    line = second_eye - first_eye
    length = float(line @ line)
    if not length > 0:
        return 0.0
    along = float((landmarks.centre("nose") - first_eye) @ line) / length
    return max(0.0, 1 - 2 * abs(along - 0.5)) if np.isfinite(along) else 0.0
