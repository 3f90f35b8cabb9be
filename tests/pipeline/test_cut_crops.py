"""A kept crop says where its face is, and believes no comment that makes no sense."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from errors import UnusablePhoto
from faces.face import EYE_CORNERS_NOSE, Box, Face, Landmarks
from pipeline.crops import cut, cut_face, jpeg, jpeg_of, read_crop

SIDES = st.floats(20, 400)


@settings(deadline=None)
@given(st.floats(-20, 500), st.floats(-20, 300), SIDES, SIDES)
def test_a_crop_knows_its_face_wherever_it_was_cut(
    x: float, y: float, width: float, height: float
) -> None:
    image = np.zeros((480, 640, 3), np.uint8)
    box = Box(x, y, width, height)
    points = np.array([(x + width / 4, y + height / 4)] * 5, np.float32)
    landmarks = Landmarks(EYE_CORNERS_NOSE, points)
    crop = read_crop(jpeg_of(cut_face(image, Face(box, landmarks, 0.9), "dlib")))
    assert crop.image.shape == cut(image, box).shape
    assert crop.detector == "dlib"
    assert crop.face is not None
    found, scale = crop.face.box, crop.face.box.width / width
    assert found.height == pytest.approx(height * scale, rel=0.05, abs=1)
    assert crop.face.landmarks.names == EYE_CORNERS_NOSE
    inner = crop.face.landmarks.points[0] - (found.x, found.y)
    assert inner == pytest.approx([found.width / 4, found.height / 4], abs=0.3)


@pytest.mark.parametrize(
    "comment",
    ["", "made by a camera", "[]", '{"box": 1}', "[" * 9999]
    + [
        json.dumps({"detector": "dlib", "box": box, "landmarks": landmarks, "score": 1})
        for box, landmarks in [
            ([0, 0, 9], [[1, 1]] * 5),
            ([0, 0, 0, 9], [[1, 1]] * 5),
            ([0, 0, 1e9, 9], [[1, 1]] * 5),
            ([0, 0, float("nan"), 9], [[1, 1]] * 5),
            ([0, 0, 9, 9], [[1, 1]] * 4),
            ([0, 0, 9, 9], [[1, float("inf")]] * 5),
            ([0, 0, 9, 9], "eyes"),
        ]
    ],
)
def test_of_a_comment_that_makes_no_sense_nothing_is_believed(comment: str) -> None:
    crop = read_crop(jpeg(np.zeros((9, 9, 3), np.uint8), comment))
    assert (crop.face, crop.detector) == (None, "")


@pytest.mark.parametrize("body", [b"", b"GIF89a", jpeg(np.zeros((64, 64, 3), np.uint8))[:200]])
def test_what_is_no_whole_picture_is_refused(body: bytes) -> None:
    with pytest.raises(UnusablePhoto):
        read_crop(body)


def test_a_picture_larger_than_any_crop_is_not_even_decoded() -> None:
    with pytest.raises(UnusablePhoto, match="larger"):
        read_crop(jpeg(np.zeros((300, 10, 3), np.uint8)))
