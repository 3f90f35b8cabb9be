"""Any of DeepFace's recognisers with any of its detectors, as one engine.

Detection runs on the frame itself. A face whose detector gives five points is aligned by them. If
it gives only the eyes, the other three points are estimated from them; without eyes all five are
estimated from the box (see `templates.complete`). Estimated landmarks say nothing about the pose.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from errors import ModelUnavailable
from faces.engine import FaceEngine, PairedEngine
from faces.engines import weights
from faces.engines.deepface_models import DETECTORS, RECOGNISERS, choose, pair_card
from faces.engines.deepface_parts import Detector, Recogniser
from faces.face import EYES_NOSE_MOUTH, Box, Face, Image, Landmarks

if TYPE_CHECKING:
    from faces.engines.deepface_detectors import Detection
    from faces.engines.deepface_embedder import Embedder


def deepface_engine(
    model: str,
    detector: str,
    *,
    weights_folder: Path,
    device: str,
    precision: str,
    min_face_px: int,
) -> FaceEngine:
    """Check that packages and weights are installed; the networks are built at their first use.

    `weights_folder` is DeepFace's home, `device` and `precision` are those of the settings, and
    faces whose longer side is below `min_face_px` pixels are dropped.

    Raises ModelUnavailable if a name is unknown, a package is missing, or a weight file is missing
    or not the pinned one.
    """
    recogniser = choose("recogniser", RECOGNISERS, model)
    finder = choose("detector", DETECTORS, detector)
    for part in (recogniser, finder):
        weights.require(part, weights_folder)
    _refuse_without_caffe(finder)
    return PairedEngine(
        DeepFaceDetector(finder, weights_folder, min_face_px),
        DeepFaceRecogniser(recogniser, weights_folder, device, precision),
        pair_card(recogniser, finder),
        weights.verify((recogniser, finder), weights_folder),
    )


class DeepFaceDetector:
    """One of DeepFace's detectors."""

    def __init__(self, part: Detector, home: Path, min_face_px: int) -> None:
        self._part = part
        self._home = home
        self._min_face_px = min_face_px

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces in each RGB picture, best score first; no face gives an empty list."""
        return [self._detect_one(image) for image in images]

    def _detect_one(self, image: Image) -> list[Face]:
        from faces.engines.deepface_detectors import read

        bgr = np.ascontiguousarray(image[:, :, ::-1])
        detections = read(self._part.name, self._client, bgr)
        faces = [_face(detection, image) for detection in detections]
        return [face for face in faces if max(face.box.width, face.box.height) >= self._min_face_px]

    @cached_property
    def _client(self) -> Any:
        from faces.engines.deepface_runtime import build

        return build(self._part, self._home)


class DeepFaceRecogniser:
    """One of DeepFace's recognisers."""

    def __init__(self, part: Recogniser, home: Path, device: str, precision: str) -> None:
        self._part = part
        self._home = home
        self._device = device
        self._precision = precision

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Cut one upright chip per face, RGB [n, side, side, 3], by the recogniser's template."""
        from faces.engines.templates import cut, five_points

        return cut(image, map(five_points, faces), self._part.crop, self._part.side)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn chips [n, side, side, 3] into vectors [n, dimension], equal to DeepFace's own
        `forward`."""
        if not len(chips):
            return np.empty((0, self._part.dimension), np.float32)
        return self._embedder.embed(chips)

    @cached_property
    def _embedder(self) -> "Embedder":
        from faces.engines.deepface_embedder import Embedder
        from faces.engines.deepface_runtime import build

        client = build(self._part, self._home)
        return Embedder(self._part, client, self._device, self._precision)


def _face(detection: "Detection", image: Image) -> Face:
    from faces.engines.templates import complete

    return Face(
        _within(detection.box, image),
        Landmarks(EYES_NOSE_MOUTH, complete(detection.points, detection.box)),
        detection.score,
    )


def _within(box: Box, image: Image) -> Box:
    """The part of a box that lies inside the picture."""
    height, width = image.shape[:2]
    left, right = np.clip([box.x, box.x + box.width], 0, width).tolist()
    top, bottom = np.clip([box.y, box.y + box.height], 0, height).tolist()
    return Box(left, top, right - left, bottom - top)


def _refuse_without_caffe(detector: Detector) -> None:
    if detector.name != "ssd":
        return
    import cv2

    if not hasattr(cv2.dnn, "readNetFromCaffe"):
        raise ModelUnavailable(
            f"ssd needs OpenCV 4, and this is {cv2.__version__}, which reads no Caffe models; "
            "choose another detector."
        )
