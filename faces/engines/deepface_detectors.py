"""Reads DeepFace's detectors: boxes, five points and scores.

DeepFace names eyes from the person's view: its `left_eye` is on the viewer's right. That holds for
all of its detectors in 0.0.103 (it swaps mtcnn's and yunet's names itself), so one reader serves
them. YuNet, CenterFace and FastMTCNN find five points, but DeepFace passes on only two, truncated
to whole pixels; these three are read from DeepFace's own model instead, over the same picture.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np

from faces.engines.templates import Points
from faces.face import Box, Image

YUNET_SIDE_PX = 640
"""DeepFace scales larger pictures down to this size for YuNet, which otherwise misses large
faces."""
YUNET_SCORE = 0.9
CENTERFACE_SCORE = 0.35
"""Least scores, those that DeepFace uses if its environment variables set none."""

EYES_MOUTH = ("right_eye", "left_eye", "nose", "mouth_right", "mouth_left")
"""DeepFace's fields, from the person's point of view, in the order of EYES_NOSE_MOUTH."""


@dataclass(frozen=True, slots=True)
class Detection:
    """One detected face."""

    box: Box
    """In pixels of the picture."""
    points: Points
    score: float
    """Higher is surer."""


Reader: TypeAlias = Callable[[Any, Image], Iterator[Detection]]


def read(name: str, client: Any, bgr: Image) -> list[Detection]:
    """All faces that one of DeepFace's detectors finds in one picture (BGR), best first."""
    detections = _READERS.get(name, _read_regions)(client, bgr)
    return sorted(detections, key=lambda detection: detection.score, reverse=True)


def _read_regions(client: Any, bgr: Image) -> Iterator[Detection]:
    for region in client.detect_faces(bgr):
        points = [getattr(region, name) for name in EYES_MOUTH]
        yield Detection(
            box=Box(float(region.x), float(region.y), float(region.w), float(region.h)),
            points=_points(points),
            score=float(region.confidence or 0.0),
        )


def _read_opencv(client: Any, bgr: Image) -> Iterator[Detection]:
    # DeepFace turns the cascade's weight w, where higher is surer, into (100 - w) / 100.
    for detection in _read_regions(client, bgr):
        yield Detection(detection.box, detection.points, 1.0 - detection.score)


def _read_yunet(client: Any, bgr: Image) -> Iterator[Detection]:
    scale = min(1.0, YUNET_SIDE_PX / max(bgr.shape[:2]))
    size = tuple(int(side * scale) for side in bgr.shape[1::-1])
    picture = cv2.resize(bgr, size) if scale < 1 else bgr
    client.model.setInputSize(size)
    client.model.setScoreThreshold(YUNET_SCORE)
    _, rows = client.model.detect(picture)
    for row in () if rows is None else rows:
        x, y, width, height = (row[:4] / scale).tolist()
        yield Detection(Box(x, y, width, height), row[4:14].reshape(5, 2) / scale, float(row[14]))


def _read_centerface(client: Any, bgr: Image) -> Iterator[Detection]:
    # A new network for each picture, as in DeepFace: a used one gives wrong results.
    network = client.build_model()
    boxes, points = network.forward(bgr, *bgr.shape[:2], threshold=CENTERFACE_SCORE)
    for (left, top, right, bottom, score), five in zip(boxes.tolist(), points, strict=True):
        yield Detection(
            Box(left, top, right - left, bottom - top), five.reshape(5, 2), min(score, 1.0)
        )


def _read_fastmtcnn(client: Any, bgr: Image) -> Iterator[Detection]:
    rgb = np.ascontiguousarray(bgr[:, :, ::-1])
    results = client.model.detect(rgb, landmarks=True)
    if any(part is None for part in results):
        return
    for box, score, five in zip(*results, strict=True):
        left, top, right, bottom = map(float, box)
        yield Detection(
            Box(left, top, right - left, bottom - top), np.asarray(five, np.float32), float(score)
        )


_READERS: dict[str, Reader] = {
    "opencv": _read_opencv,
    "yunet": _read_yunet,
    "centerface": _read_centerface,
    "fastmtcnn": _read_fastmtcnn,
}


def _points(named: Sequence[Sequence[float] | None]) -> Points:
    nothing = (np.nan, np.nan)
    return np.array([nothing if point is None else point for point in named], np.float32)
