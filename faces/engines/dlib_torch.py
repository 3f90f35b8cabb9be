"""Engine `dlib`: dlib's CNN detector, five-point alignment and face recognition network.

The two networks run in torch, many times faster than in dlib and with the same results; only the
small landmark predictor runs in dlib itself.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import dlib
import numpy as np
from numpy.typing import NDArray

from faces.engine import FaceEngine, PairedEngine
from faces.engines.deepface_parts import DLIB_CROP
from faces.engines.dlib_detector import DlibDetector
from faces.engines.dlib_embedder import DlibEmbedder
from faces.engines.dlib_weights import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    LANDMARKS_FILE,
    WEIGHTS_SHA256,
    verified,
    weights_folder,
)
from faces.engines.hardware import choose_device, choose_precision
from faces.engines.registry import DLIB
from faces.face import EYE_CORNERS_NOSE, Box, Face, Image, Landmarks

CHIP_PX = 150
CHIP_PADDING = 0.25
"""Padding around the face as a share of the chip's side, as in the network's training."""


def dlib_engine(min_face_px: int = 80, device: str = "auto", precision: str = "auto") -> FaceEngine:
    """The engine for faces of `min_face_px` pixels and more.

    Raises ModelUnavailable if `device` is not available. The first call that needs weights loads
    them and checks their hashes; it raises ModelUnavailable if a file is missing or altered.
    """
    detector = DlibFaceDetector(min_face_px, device, precision)
    return PairedEngine(detector, DlibRecogniser(device, precision), DLIB, WEIGHTS_SHA256)


class DlibFaceDetector:
    """Detects faces of `min_face_px` pixels and more, with the corners of their eyes."""

    def __init__(self, min_face_px: int, device: str, precision: str) -> None:
        self._min_face_px = min_face_px
        self._device = choose_device(device)
        self._dtype = choose_precision(precision, self._device)

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect faces in RGB pictures [h, w, 3], best score first; boxes may extend beyond the
        picture's edge."""
        results = self._network.find(images)
        return [
            [self._face(np.ascontiguousarray(image), box, score) for box, score in boxes]
            for image, boxes in zip(images, results, strict=True)
        ]

    def _face(self, image: Image, box: Box, score: float) -> Face:
        parts = self._predictor(image, _rectangle(box)).parts()
        points = np.array([(part.x, part.y) for part in parts], np.float32)
        return Face(box, Landmarks(EYE_CORNERS_NOSE, points), score)

    @cached_property
    def _network(self) -> DlibDetector:
        weights = verified(weights_folder() / DETECTOR_FILE)
        return DlibDetector(
            weights, min_face_px=self._min_face_px, device=self._device, dtype=self._dtype
        )

    @cached_property
    def _predictor(self) -> Any:
        path = weights_folder() / LANDMARKS_FILE
        verified(path)
        return dlib.shape_predictor(str(path))


class DlibRecogniser:
    """dlib's face recognition network, for faces from any detector."""

    def __init__(self, device: str, precision: str) -> None:
        self._device = choose_device(device)
        self._dtype = choose_precision(precision, self._device)

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Cut chips [n, 150, 150, 3] with level eyes: as dlib's `get_face_chip` if the corners of
        the eyes are known, else by the known points onto the same template."""
        if not faces:
            return np.empty((0, CHIP_PX, CHIP_PX, 3), np.uint8)
        if any(face.landmarks.names != EYE_CORNERS_NOSE for face in faces):
            from faces.engines.templates import cut, five_points

            return cut(image, map(five_points, faces), DLIB_CROP, CHIP_PX)
        shapes = dlib.full_object_detections()
        for face in faces:
            points = [dlib.point(round(x), round(y)) for x, y in face.landmarks.points.tolist()]
            shapes.append(dlib.full_object_detection(_rectangle(face.box), points))
        picture = np.ascontiguousarray(image)
        return np.stack(dlib.get_face_chips(picture, shapes, size=CHIP_PX, padding=CHIP_PADDING))

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn chips [n, 150, 150, 3] into vectors [n, 128]."""
        return self._network.embed(chips)

    @cached_property
    def _network(self) -> DlibEmbedder:
        weights = verified(weights_folder() / EMBEDDER_FILE)
        return DlibEmbedder(weights, device=self._device, dtype=self._dtype)


def _rectangle(box: Box) -> Any:
    left, top = round(box.x), round(box.y)
    return dlib.rectangle(left, top, left + round(box.width) - 1, top + round(box.height) - 1)
