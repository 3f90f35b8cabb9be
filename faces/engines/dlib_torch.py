"""Engine `dlib`: dlib's CNN detector, five-point alignment and face recognition network.

The two networks run in torch, many times faster than in dlib and with its results; only the small
landmark predictor is dlib's own. The five landmarks are dlib's: the outer and the inner corner of
the eye on the viewer's right, of the eye on the viewer's left, and the base of the nose.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from faces.engine import ModelCard
from faces.engines.dlib_detector import DlibDetector
from faces.engines.dlib_embedder import DIMENSION, DlibEmbedder
from faces.engines.dlib_weights import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    LANDMARKS_FILE,
    SHA256,
    WEIGHTS_SHA256,
    verified,
    weights_folder,
)
from faces.engines.hardware import choose_device, choose_precision
from faces.face import Box, Face, Image

CHIP_PX = 150
CHIP_PADDING = 0.25
"""Of the chip's side, around the face: what the network was trained with."""


class DlibEngine:
    """Faces of `min_face_px` pixels and more. Raises ModelUnavailable when `device` is not there.

    Weights are loaded, and their hashes checked, by the first call that needs them; it raises
    ModelUnavailable when a file is missing or altered.
    """

    card = ModelCard(
        name="dlib",
        dimension=DIMENSION,
        distance="euclidean_l2",
        threshold=0.40,
        licence="Weights by Davis King, in the public domain; code under the Boost licence.",
        commercial_use=True,
        weights=tuple(SHA256),
        detector="dlib",
    )
    weights_sha256 = WEIGHTS_SHA256

    def __init__(
        self, min_face_px: int = 80, device: str = "auto", precision: str = "auto"
    ) -> None:
        self._min_face_px = min_face_px
        self._device = choose_device(device)
        self._dtype = choose_precision(precision, self._device)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Find faces in RGB pictures [h, w, 3]; boxes may reach past the picture's edge."""
        found = self._detector.find(images)
        return [
            [self._face(np.ascontiguousarray(image), box, score) for box, score in boxes]
            for image, boxes in zip(images, found, strict=True)
        ]

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Cut chips [n, 150, 150, 3], eyes level, as dlib's `get_face_chip` does."""
        if not faces:
            return np.empty((0, CHIP_PX, CHIP_PX, 3), np.uint8)
        shapes = dlib.full_object_detections()
        for face in faces:
            points = [dlib.point(round(x), round(y)) for x, y in face.landmarks.tolist()]
            shapes.append(dlib.full_object_detection(_rectangle(face.box), points))
        picture = np.ascontiguousarray(image)
        return np.stack(dlib.get_face_chips(picture, shapes, size=CHIP_PX, padding=CHIP_PADDING))

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn chips [n, 150, 150, 3] into vectors [n, 128]."""
        return self._embedder.embed(chips)

    def _face(self, image: Image, box: Box, score: float) -> Face:
        parts = self._landmarks(image, _rectangle(box)).parts()
        return Face(box, np.array([(part.x, part.y) for part in parts], np.float32), score)

    @cached_property
    def _detector(self) -> DlibDetector:
        weights = verified(weights_folder() / DETECTOR_FILE)
        return DlibDetector(
            weights, min_face_px=self._min_face_px, device=self._device, dtype=self._dtype
        )

    @cached_property
    def _embedder(self) -> DlibEmbedder:
        weights = verified(weights_folder() / EMBEDDER_FILE)
        return DlibEmbedder(weights, device=self._device, dtype=self._dtype)

    @cached_property
    def _landmarks(self) -> Any:
        path = weights_folder() / LANDMARKS_FILE
        verified(path)
        return dlib.shape_predictor(str(path))


def _rectangle(box: Box) -> Any:
    left, top = round(box.x), round(box.y)
    return dlib.rectangle(left, top, left + round(box.width) - 1, top + round(box.height) - 1)
