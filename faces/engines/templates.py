"""Cuts upright chips: where the landmarks of a face belong, and the warp that moves them there.

Every template here is the published five-point template of insightface's `face_align.py` (with
which ArcFace was trained), moved and scaled to a recogniser's own crop. So a missing landmark can
be placed where the same template has it, without changing the fit.
"""

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from faces.engines.deepface_parts import Crop
from faces.face import EYES_NOSE_MOUTH, Box, Face, Image

Points = NDArray[np.float32]
"""Shape [5, 2] in the order of EYES_NOSE_MOUTH; nan where the detector gives no point."""

ARCFACE: Points = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]],
    np.float32,
)  # fmt: skip
"""In pixels of a 112-pixel chip."""

BOX = Crop(eye_distance=0.38, eye_line=0.36)
"""Position of the eyes in a detector's box, in fractions of its longer side. An estimate for
detectors that give only a box, measured with MTCNN on two frontal portraits."""

MIRRORED = [1, 0, 2, 4, 3]
"""The order of the landmarks when left and right change places."""


def template(crop: Crop, side: float) -> Points:
    """The five landmarks [5, 2] of an upright face in a chip of this side, in pixels."""
    eyes = ARCFACE[:2]
    scale = crop.eye_distance / float(np.hypot(*(eyes[1] - eyes[0])))
    centre = np.array([crop.eye_centre, crop.eye_line], np.float32)
    placed: Points = ((ARCFACE - eyes.mean(axis=0)) * scale + centre) * side
    return placed


def complete(points: Points, box: Box) -> Points:
    """Name left and right as the viewer sees them, and estimate missing landmarks.

    They are estimated from the two eyes; without two eyes all five are estimated from the box, as
    for an upright and frontal face.
    """
    return _filled(_as_viewed(points), box)


def five_points(face: Face) -> Points:
    """A face's landmarks [5, 2] in the order of EYES_NOSE_MOUTH; if its detector gives other
    points, they are estimated from the middle of each eye."""
    if face.landmarks.names == EYES_NOSE_MOUTH:
        return face.landmarks.points
    points = np.full((5, 2), np.nan, np.float32)
    points[:2] = [face.landmarks.centre(eye) for eye in EYES_NOSE_MOUTH[:2]]
    return _filled(points, face.box)


def _filled(points: Points, box: Box) -> Points:
    unknown: NDArray[np.bool_] = np.asarray(np.isnan(points).any(axis=1))
    if not unknown.any():
        return points
    if unknown[:2].any():
        return _inside(box)
    guess = _apply(_similarity(ARCFACE[:2], points[:2]), ARCFACE)
    return np.where(unknown[:, None], guess, points).astype(np.float32)


def cut(image: Image, landmarks: Iterable[Points], crop: Crop, side: int) -> NDArray[np.uint8]:
    """One upright chip per face, RGB [n, side, side, 3]; black outside of the picture."""
    goal = template(crop, side)
    warps = [_similarity(points, goal) for points in landmarks]
    chips = [_warp(image, warp, side) for warp in warps]
    return np.stack(chips) if chips else np.empty((0, side, side, 3), np.uint8)


def _as_viewed(points: Points) -> Points:
    """Swap left and right if the detector named them from the person's view.

    With a mouth this is exact for any rotation of the face; with eyes alone the face is assumed to
    be upright.
    """
    across = points[1] - points[0]
    down = points[3:].mean(axis=0) - points[:2].mean(axis=0)
    turned = across[0] * down[1] - across[1] * down[0]
    mirrored = across[0] < 0 if np.isnan(turned) else turned < 0
    return points[MIRRORED] if mirrored else points


def _inside(box: Box) -> Points:
    side = max(box.width, box.height)
    corner = np.array([box.x + (box.width - side) / 2, box.y + (box.height - side) / 2], np.float32)
    return template(BOX, side) + corner


def _similarity(source: Points, target: Points) -> NDArray[np.float64]:
    """Rotation, scale and shift from source to target (least squares): shape [2, 3].

    With points as complex numbers, a similarity is w = a z + b, and the best a is a quotient of
    sums.
    """
    z, w = (points.astype(np.float64) @ [1, 1j] for points in (source, target))
    spread, goal = z - z.mean(), w - w.mean()
    a = np.vdot(spread, goal) / max(np.vdot(spread, spread).real, np.finfo(np.float32).eps)
    b = w.mean() - a * z.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def _apply(warp: NDArray[np.float64], points: Points) -> Points:
    moved: Points = (points @ warp[:, :2].T + warp[:, 2]).astype(np.float32)
    return moved


def _warp(image: Image, warp: NDArray[np.float64], side: int) -> Image:
    """Warp bilinearly; where several pixels fall into one, first average the picture down."""
    factor = int(1 / max(float(np.hypot(*warp[:, 0])), 1e-3))
    if factor > 1:
        image, warp = _shrunk(image, factor), _for_shrunk(warp, factor)
    chip = cv2.warpAffine(image, warp, (side, side), flags=cv2.INTER_LINEAR)
    return np.asarray(chip, np.uint8)


def _shrunk(image: Image, factor: int) -> Image:
    height, width = (max(size // factor, 1) for size in image.shape[:2])
    whole = image[: height * factor, : width * factor]
    return np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _for_shrunk(warp: NDArray[np.float64], factor: int) -> NDArray[np.float64]:
    """The same warp for the pixel centres of the shrunk picture: x = factor (x' + 1/2) - 1/2."""
    shift = warp[:, :2].sum(axis=1) * (factor - 1) / 2
    return np.column_stack([warp[:, :2] * factor, warp[:, 2] + shift])
