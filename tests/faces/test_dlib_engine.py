"""What engine `dlib` promises beside its two networks."""

import subprocess
import sys

import dlib
import numpy as np
import pytest
import torch
from PIL import Image as Picture

from demo.portraits import portrait
from errors import ModelUnavailable
from faces.engine import FaceEngine
from faces.engines.dlib_torch import dlib_engine
from faces.engines.dlib_weights import LANDMARKS_FILE, SHA256, weights_folder
from faces.face import Face, Image


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return dlib_engine(device="cpu", precision="float32")


@pytest.fixture(scope="module")
def image() -> Image:
    return np.asarray(Picture.fromarray(portrait("astronaut")).resize((400, 400)))


@pytest.fixture(scope="module")
def face(engine: FaceEngine, image: Image) -> Face:
    ((face,),) = engine.detect([image])
    return face


def dlibs_shape(image: Image, face: Face) -> "dlib.full_object_detection":
    predictor = dlib.shape_predictor(str(weights_folder() / LANDMARKS_FILE))
    left, top = int(face.box.x), int(face.box.y)
    right, bottom = left + int(face.box.width) - 1, top + int(face.box.height) - 1
    return predictor(image, dlib.rectangle(left, top, right, bottom))


def test_landmarks_are_those_of_dlib(image: Image, face: Face) -> None:
    theirs = [(part.x, part.y) for part in dlibs_shape(image, face).parts()]
    assert face.landmarks.points.dtype == np.float32
    assert face.landmarks.points.tolist() == [list(map(float, point)) for point in theirs]


def test_landmarks_have_their_names(face: Face) -> None:
    points = dict(zip(face.landmarks.names, face.landmarks.points.tolist(), strict=True))
    order = ("left_eye_outer", "left_eye_inner", "nose_base", "right_eye_inner", "right_eye_outer")
    across = [points[name][0] for name in order]
    assert across == sorted(across)
    assert points["nose_base"][1] > max(points["right_eye_inner"][1], points["left_eye_inner"][1])
    left, right, nose = map(face.landmarks.centre, ("left_eye", "right_eye", "nose"))
    assert left[0] < nose[0] < right[0]


def test_chips_are_those_of_dlib(engine: FaceEngine, image: Image, face: Face) -> None:
    (chip,) = engine.align(image, [face])
    theirs = dlib.get_face_chip(image, dlibs_shape(image, face), size=150, padding=0.25)
    assert np.array_equal(chip, theirs)


def test_no_faces_are_no_chips(engine: FaceEngine, image: Image) -> None:
    chips = engine.align(image, [])
    assert chips.shape == (0, 150, 150, 3)
    assert chips.dtype == np.uint8


def test_a_picture_that_is_a_view_of_another_is_taken(engine: FaceEngine, image: Image) -> None:
    view = np.concatenate([image, image], axis=1)[:, :400]
    mirrored = image[:, ::-1]
    ((face,), (other,)) = engine.detect([view, mirrored])
    assert engine.align(mirrored, [other]).shape == engine.align(view, [face]).shape


def test_the_card_says_what_the_vectors_are(engine: FaceEngine) -> None:
    card = engine.card
    assert (card.name, card.dimension, card.distance) == ("dlib", 128, "euclidean_l2")
    assert card.threshold == 0.40
    assert card.commercial_use
    assert card.weights == tuple(SHA256)
    assert len(engine.weights_sha256) == 64


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused_with_one_sentence() -> None:
    with pytest.raises(ModelUnavailable, match="set NIGHTREEL_DEVICE to auto or cpu"):
        dlib_engine(device="cuda")


def test_the_promise_is_imported_without_torch() -> None:
    look = "import sys, faces.engine, faces.engines; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look]).returncode == 0
