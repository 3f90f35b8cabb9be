"""Engine `dlib` embeds as dlib and as DeepFace's model `Dlib` do."""

from pathlib import Path

import dlib
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image as Picture

from demo.portraits import portrait
from faces.engine import FaceEngine
from faces.engines.deepface_runtime import contained
from faces.engines.dlib_torch import dlib_engine
from faces.engines.dlib_weights import EMBEDDER_FILE, weights_folder


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return dlib_engine(device="cpu", precision="float32")


@pytest.fixture(scope="module")
def chips(engine: FaceEngine) -> NDArray[np.uint8]:
    """Both people in two sizes, then a dark chip and noise."""
    aligned = [engine.align(image, faces) for image, faces in _seen(engine)]
    noise = np.random.default_rng(5).integers(0, 255, (2, 150, 150, 3), dtype=np.uint8)
    noise[0] //= 40
    return np.concatenate([*aligned, noise])


def _seen(engine: FaceEngine) -> list[tuple[NDArray[np.uint8], list]]:  # type: ignore[type-arg]
    sized = [
        np.asarray(Picture.fromarray(portrait(name)).resize((side, side)))
        for name in ("astronaut", "grace_hopper")
        for side in (512, 400)
    ]
    return list(zip(sized, engine.detect(sized), strict=True))


def test_vectors_are_those_of_dlib(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    model = dlib.face_recognition_model_v1(str(weights_folder() / EMBEDDER_FILE))
    theirs = np.array([np.array(model.compute_face_descriptor(chip)) for chip in chips])
    assert np.abs(engine.embed(chips) - theirs).max() < 1e-5


def test_vectors_are_those_of_deepface(
    engine: FaceEngine, chips: NDArray[np.uint8], tmp_path: Path
) -> None:
    folder = tmp_path / ".deepface" / "weights"
    folder.mkdir(parents=True)
    (folder / EMBEDDER_FILE).symlink_to(weights_folder() / EMBEDDER_FILE)
    with contained(tmp_path):
        from deepface.models.facial_recognition.dlib.Dlib import DlibClient

        theirs = np.array(DlibClient().forward(chips[..., ::-1]))
    assert np.abs(engine.embed(chips) - theirs).max() < 1e-5


def test_a_batch_gives_what_each_chip_gives_alone(
    engine: FaceEngine, chips: NDArray[np.uint8]
) -> None:
    many = np.concatenate([chips] * 4)
    alone = np.concatenate([engine.embed(chip[None]) for chip in chips] * 4)
    assert np.abs(engine.embed(many) - alone).max() < 1e-5


def test_no_chips_are_no_vectors(engine: FaceEngine) -> None:
    vectors = engine.embed(np.empty((0, 150, 150, 3), np.uint8))
    assert vectors.shape == (0, 128)
    assert vectors.dtype == np.float32


def test_the_threshold_parts_two_people(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    vectors = engine.embed(chips[:4])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    limit = engine.card.threshold
    assert distances[0, 1] <= limit and distances[2, 3] <= limit
    assert distances[:2, 2:].min() > limit


def test_bfloat16_changes_a_vector_little(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    half = dlib_engine(device="cpu", precision="bfloat16").embed(chips)
    assert half.dtype == np.float32
    assert np.linalg.norm(half - engine.embed(chips), axis=1).max() < 0.05


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_changes_a_vector_little(engine: FaceEngine, chips: NDArray[np.uint8]) -> None:
    on_gpu = dlib_engine(device="cuda").embed(chips)
    assert np.linalg.norm(on_gpu - engine.embed(chips), axis=1).max() < 0.05
