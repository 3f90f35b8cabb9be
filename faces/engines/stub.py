"""Engine `stub`: detects painted rectangles and embeds their colour. For tests of all but vision.

A "face" is an upright rectangle of one saturated colour on a dull background. Two rectangles are
the same "person" if their hues are less than about 16 degrees apart, at any brightness. That and
the margins below leave room for the changes of colours and edges by video compression.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from faces.engine import ModelCard
from faces.face import EYES_NOSE_MOUTH, Box, Face, Image, Landmarks

SATURATED = 90
"""Least difference between the strongest and the weakest of red, green and blue."""
LEAST_FILLED = 0.7
"""Least share of a box that must be painted."""
SMEARED_AWAY = 0.1
"""Share of a side that may be lost to compression."""
CHIP_PX = 64
CIRCLES = 4
"""Number of circles on which a hue is a point; engine `stub:3` has three, so its vectors differ."""
CHIP_MARGIN = 0.25
"""Background around the rectangle on its chip, as a share of its sides."""
_POINTS = np.array([(0.3, 0.4), (0.7, 0.4), (0.5, 0.6), (0.35, 0.8), (0.65, 0.8)], np.float32)
"""Eyes, nose and corners of the mouth, as shares of the box."""


class StubEngine:
    """An engine for rectangles with sides of at least `min_face_px` pixels."""

    card = ModelCard(
        name="stub",
        dimension=2 * CIRCLES,
        distance="euclidean_l2",
        threshold=0.75,
        licence="Part of Nightreel; knows colours, not faces.",
        commercial_use=True,
        weights=(),
        detector="stub",
    )
    weights_sha256 = hashlib.sha256(b"stub").hexdigest()

    def __init__(self, min_face_px: int = 80, circles: int = CIRCLES) -> None:
        if circles != CIRCLES:
            self.card = replace(self.card, name=f"stub:{circles}", dimension=2 * circles)
            self.weights_sha256 = hashlib.sha256(self.card.name.encode()).hexdigest()
        self._harmonics = np.arange(1, circles + 1)
        self._least_side_px = min_face_px * (1 - SMEARED_AWAY)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the rectangles in RGB pictures, best score first; the score is the painted share
        of the box."""
        return [
            sorted(self._rectangles(image), key=lambda face: face.score, reverse=True)
            for image in images
        ]

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Cut chips [n, 64, 64, 3] with some background around each rectangle."""
        chips = [_chip(Picture.fromarray(image), face.box) for face in faces]
        return np.array(chips, np.uint8).reshape(-1, CHIP_PX, CHIP_PX, 3)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Vectors [n, dimension] of length 1: the hue of each chip's middle, as points on the
        circles."""
        middle = slice(CHIP_PX * 3 // 8, CHIP_PX * 5 // 8)
        red, green, blue = np.moveaxis(chips[:, middle, middle].mean(axis=(1, 2)), 1, 0)
        hues = np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue)
        angles = hues[:, None] * self._harmonics
        points = np.hstack([np.cos(angles), np.sin(angles)]) / np.sqrt(len(self._harmonics))
        return np.asarray(points, np.float32)

    def _rectangles(self, image: Image) -> Iterator[Face]:
        red, green, blue = np.moveaxis(image, 2, 0)  # np.ptp over so short an axis is slow
        most = np.maximum(np.maximum(red, green), blue)
        painted = most - np.minimum(np.minimum(red, green), blue) >= SATURATED
        for top, bottom, left, right in _blocks(painted):
            filled = float(painted[top:bottom, left:right].mean())
            width, height = right - left, bottom - top
            if min(width, height) >= self._least_side_px and filled >= LEAST_FILLED:
                points = _POINTS * np.array((width, height), np.float32) + (left, top)
                landmarks = Landmarks(EYES_NOSE_MOUTH, points.astype(np.float32))
                yield Face(Box(left, top, width, height), landmarks, filled)


def _blocks(painted: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """Split along empty rows and columns as far as possible: (top, bottom, left, right)."""
    for top, bottom in _runs(np.any(painted, axis=1)):
        for left, right in _runs(np.any(painted[top:bottom], axis=0)):
            block = painted[top:bottom, left:right]
            if block.any(axis=1).all():
                yield top, bottom, left, right
            else:
                for inner in _blocks(block):
                    yield inner[0] + top, inner[1] + top, inner[2] + left, inner[3] + left


def _runs(filled: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """Start and end (exclusive) of each unbroken run of True."""
    edges = np.flatnonzero(np.diff(filled, prepend=False, append=False))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _chip(picture: Picture.Image, box: Box) -> NDArray[np.uint8]:
    across, down = CHIP_MARGIN * box.width, CHIP_MARGIN * box.height
    left, top = box.x - across, box.y - down
    right, bottom = box.x + box.width + across, box.y + box.height + down
    place = (round(left), round(top), round(right), round(bottom))
    return np.asarray(picture.crop(place).resize((CHIP_PX, CHIP_PX)))
