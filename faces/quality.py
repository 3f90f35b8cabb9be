"""How much a face in a picture has to say: its size, its sharpness, how far it is turned away.

Measured from one picture alone. A low value means that a distance computed from this face is worth
little; a high value does not mean that the face was recognised.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image as Pictures

from faces.face import Face, Image, Landmarks

FULL_SIZE_PX = 128
"""A face of this size or more loses nothing by its size."""
HALF_SHARP = 0.02
"""Detail (see `_detail`) of a face blurred until recognition begins to suffer: a Gaussian of three
pixels on a chip of 150. Sharp portraits have 0.05 to 0.2, hopelessly blurred ones 0.003."""
DETAIL_SIDE_PX = 64
"""Detail is measured at this size, so that chips of every engine compare and noise averages out."""


@dataclass(frozen=True, slots=True)
class Quality:
    """Four numbers about one face."""

    size_px: float
    """Shorter side of its box."""
    sharpness: float
    """0 (no detail) to 1; whatever the brightness and contrast."""
    frontality: float
    """1 when looking at the camera, 0 from about 50 degrees to the side on."""
    value: float
    """The three together, 0..1: their geometric mean, so that one bad part spoils the whole."""


def assess(chip: Image, face: Face) -> Quality:
    """Judge a face by its aligned chip (RGB, [side, side, 3]) and its detection."""
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
    """How evenly the nose sits between the eyes, measured along the line through both."""
    if not np.isfinite(landmarks.points).all():
        return 0.0
    one, other = landmarks.eyes()
    line = other - one
    length = float(line @ line)
    if not length > 0:
        return 0.0
    along = float((landmarks.centre("nose") - one) @ line) / length
    return max(0.0, 1 - 2 * abs(along - 0.5)) if np.isfinite(along) else 0.0
