"""Face crops: for people to view, and for another engine to embed.

The JPEG comment holds the detection, so that an engine with the same detector need not detect the
face again.
"""

import io
import json
from typing import Any

import numpy as np
from PIL import Image as Picture
from PIL import UnidentifiedImageError

from errors import UnusablePhoto
from faces.crop import Crop
from faces.engines.registry import landmark_names
from faces.face import Box, Face, Image, Landmarks

MARGIN = 0.35
"""The margin kept on each side of the box, as a multiple of the box's longer side."""
LONGEST_SIDE_PX = 256


def cut(image: Image, box: Box) -> Image:
    """Cut the face with a margin around it.

    `image` is RGB uint8 of shape (height, width, 3), `box` is in its pixels. The result is RGB
    uint8 with no side longer than 256 px.
    """
    left, top, right, bottom = _surroundings(image, box)
    piece = Picture.fromarray(image[top:bottom, left:right])
    piece.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return np.asarray(piece)


def cut_face(image: Image, face: Face, detector: str) -> Crop:
    """The same crop as `cut`, with the detection in the pixels of the crop."""
    piece = cut(image, face.box)
    left, top, right, bottom = _surroundings(image, face.box)
    scale = np.array([piece.shape[1] / (right - left), piece.shape[0] / (bottom - top)])
    corner = (np.array([face.box.x, face.box.y]) - (left, top)) * scale
    size = np.array([face.box.width, face.box.height]) * scale
    landmarks = face.landmarks.moved((left, top), scale)
    return Crop(piece, Face(Box(*corner.tolist(), *size.tolist()), landmarks, face.score), detector)


def jpeg(image: Image, comment: str = "") -> bytes:
    """Encode an RGB uint8 image as JPEG; the same pixels and comment give the same bytes."""
    out = io.BytesIO()
    Picture.fromarray(image).save(out, "JPEG", quality=90, comment=comment)
    return out.getvalue()


def whole(image: Image) -> Image:
    """An image that was already cropped, RGB uint8, scaled so that no side exceeds 256 px."""
    piece = Picture.fromarray(image)
    piece.thumbnail((LONGEST_SIDE_PX, LONGEST_SIDE_PX))
    return np.asarray(piece)


def jpeg_of(crop: Crop) -> bytes:
    """Encode a crop as JPEG; its detection, if there is one, goes into the comment."""
    return jpeg(crop.image, _written(crop) if crop.face else "")


def read_crop(body: bytes) -> Crop:
    """Decode a crop that `jpeg_of` encoded; any other JPEG gives a crop without a detection.

    Raises UnusablePhoto when it is not a complete JPEG, or has a side longer than 256 px.
    """
    try:
        with Picture.open(io.BytesIO(body), formats=["JPEG"]) as picture:
            if max(picture.size) > LONGEST_SIDE_PX:
                raise UnusablePhoto("The kept picture is larger than any that is kept.")
            image = np.asarray(picture.convert("RGB"))
            comment = picture.info.get("comment", b"")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnusablePhoto("The kept picture cannot be read.") from error
    return _with_face(image, comment)


def _surroundings(image: Image, box: Box) -> tuple[int, int, int, int]:
    height, width = image.shape[:2]
    margin = MARGIN * max(box.width, box.height)
    left, top = max(0, int(box.x - margin)), max(0, int(box.y - margin))
    right = max(left + 1, min(width, int(box.x + box.width + margin)))
    bottom = max(top + 1, min(height, int(box.y + box.height + margin)))
    return left, top, right, bottom


def _written(crop: Crop) -> str:
    assert crop.face is not None
    box, points = crop.face.box, crop.face.landmarks.points
    fields = {
        "detector": crop.detector,
        "box": [round(side, 1) for side in (box.x, box.y, box.width, box.height)],
        "landmarks": [[round(value, 1) for value in point] for point in points.tolist()],
        "score": round(crop.face.score, 3),
    }
    return json.dumps(fields, separators=(",", ":"))


def _with_face(image: Image, comment: bytes) -> Crop:
    # Crops may come from other software: any other comment is ignored.
    try:
        fields: dict[str, Any] = json.loads(comment)
        box = Box(*(float(side) for side in fields["box"]))
        points, detector = np.array(fields["landmarks"], np.float32), str(fields["detector"])
        landmarks = Landmarks(landmark_names(detector), points)
        face = Face(box, landmarks, float(fields["score"]))
        plausible = points.shape == (5, 2) and bool(np.abs(points).max() < 2 * LONGEST_SIDE_PX)
    except (ValueError, TypeError, KeyError, RecursionError):
        return Crop(image)
    return Crop(image, face, detector) if plausible and _is_sane(box) else Crop(image)


def _is_sane(box: Box) -> bool:
    sides = np.array([box.x, box.y, box.width, box.height])
    within = np.abs(sides).max() < 2 * LONGEST_SIDE_PX  # false for NaN
    return bool(within) and min(box.width, box.height) > 0
