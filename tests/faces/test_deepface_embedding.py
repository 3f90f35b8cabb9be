"""Vectors of engine `deepface` against DeepFace's own `forward`, with random weights."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from errors import ModelUnavailable
from faces.engine import FaceEngine
from faces.engines import weights
from faces.engines.deepface import deepface_engine
from faces.engines.deepface_embedder import CHUNK
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from faces.engines.deepface_runtime import build, contained
from faces.models import pull

NETWORKS = {
    "Facenet512": ("Facenet", "InceptionResNetV1", {"dimension": 512}),
    "ArcFace": ("ArcFace", "ArcFaceModel", {}),
    "GhostFaceNet": ("GhostFaceNet", "GhostFaceNetV1", {}),
    "OpenFace": ("OpenFace", "OpenFaceNet", {}),
    "DeepID": ("DeepID", "DeepIdNet", {}),
}
"""DeepFace's module, its network class and that class's arguments."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weights folder with dlib's real files and random ones for the torch networks."""
    home = tmp_path_factory.mktemp("weights")
    pull("dlib", home)
    pull("Dlib", home)
    for name, (module, network, arguments) in NETWORKS.items():
        with contained(home):
            package = importlib.import_module(
                f"deepface.models.facial_recognition.pytorch.{module}"
            )
            torch.manual_seed(7)
            save_random(getattr(package, network)(**arguments), name, home)
    return home


def save_random(network: Any, name: str, home: Path) -> None:
    for layer in network.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        if isinstance(layer, torch.nn.BatchNorm1d | torch.nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    torch.save(network.state_dict(), weights.folder(home) / RECOGNISERS[name].weights[0])


def engine(name: str, home: Path, precision: str = "float32") -> FaceEngine:
    return deepface_engine(
        name, "dlib", weights_folder=home, device="cpu", precision=precision, min_face_px=40
    )


def unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def chips(name: str, count: int = 2) -> np.ndarray:
    """Pictures of a few large patches, each in its own colour."""
    side = RECOGNISERS[name].side
    patches = np.random.default_rng(3).integers(0, 256, (count, 4, 4, 3), np.uint8)
    rows = np.arange(side) * 4 // side
    return patches[:, rows[:, None], rows]


def as_deepface_sees(name: str, pictures: np.ndarray) -> np.ndarray:
    """What `represent` makes of RGB pictures that have the network's own size already."""
    with contained(Path("unused")):
        from deepface.modules import preprocessing
    recogniser = RECOGNISERS[name]
    left = (recogniser.side - recogniser.width) // 2 if recogniser.width else 0
    size = (recogniser.side, recogniser.width or recogniser.side)
    seen = pictures[:, :, left : left + size[1]]
    resized = [preprocessing.resize_image(one[:, :, ::-1], size) for one in seen]
    return np.concatenate([preprocessing.normalize_input(one, "base") for one in resized])


@pytest.mark.parametrize("name", [*NETWORKS, "Dlib"])
def test_vectors_are_those_of_deepface(name: str, home: Path) -> None:
    client = build(RECOGNISERS[name], home)
    vectors = engine(name, home).embed(chips(name))
    own = np.array(client.forward(as_deepface_sees(name, chips(name))))
    assert vectors.dtype == np.float32
    assert vectors.shape == own.shape == (2, RECOGNISERS[name].dimension)
    assert np.abs(unit(vectors) - unit(own)).max() < 1e-4
    assert np.abs(np.linalg.norm(vectors, axis=1) / np.linalg.norm(own, axis=1) - 1).max() < 1e-4
    assert np.ptp(unit(own), axis=0).max() > 1e-3  # the two chips do differ to this network


def test_one_chip_has_the_vector_it_has_in_a_batch(home: Path) -> None:
    many = chips("DeepID", CHUNK + 2)
    network = engine("DeepID", home)
    assert np.allclose(network.embed(many)[-1:], network.embed(many[-1:]), atol=1e-5)


def test_bfloat16_changes_vectors_a_little(home: Path) -> None:
    exact = engine("DeepID", home).embed(chips("DeepID"))
    half = engine("DeepID", home, "bfloat16").embed(chips("DeepID"))
    assert half.dtype == np.float32
    assert (half != exact).any()
    assert (unit(exact) * unit(half)).sum(axis=1).min() > 0.99


def test_no_chips_make_no_vectors(home: Path) -> None:
    assert engine("DeepID", home).embed(chips("DeepID", 0)).shape == (0, 160)


def test_each_folder_has_its_own_weights(home: Path, tmp_path: Path) -> None:
    pull("dlib", tmp_path)
    with contained(tmp_path):
        from deepface.models.facial_recognition.pytorch.DeepID import DeepIdNet
    torch.manual_seed(8)
    save_random(DeepIdNet(), "DeepID", tmp_path)
    here, there = engine("DeepID", home), engine("DeepID", tmp_path)
    assert here.weights_sha256 != there.weights_sha256
    assert not np.allclose(here.embed(chips("DeepID")), there.embed(chips("DeepID")))


def test_weights_of_another_network_are_refused_with_one_sentence(
    home: Path, tmp_path: Path
) -> None:
    pull("dlib", tmp_path)
    pull("OpenFace", tmp_path, weights.folder(home) / "deepid_weights.pth")
    with pytest.raises(
        ModelUnavailable, match=r"DeepFace cannot load OpenFace .*--from FILE"
    ) as told:
        engine("OpenFace", tmp_path).embed(chips("OpenFace"))
    assert "\n" not in str(told.value)


def test_the_tables_say_what_deepface_says() -> None:
    with contained(Path("unused")):
        from deepface.config.threshold import thresholds
        from deepface.modules.modeling import AVAILABLE_MODELS
    assert set(RECOGNISERS) == set(AVAILABLE_MODELS["facial_recognition"])
    assert set(DETECTORS) == set(AVAILABLE_MODELS["face_detector"])
    told = {name: recogniser.threshold for name, recogniser in RECOGNISERS.items()}
    assert told == {name: values["cosine"] for name, values in thresholds.items()}
