"""Engines by name."""

from pathlib import Path

import pytest

from errors import ModelUnavailable
from faces.engine import FaceEngine
from faces.engines import build_engine


def built(name: str, folder: Path) -> FaceEngine:
    return build_engine(
        name, min_face_px=80, device="cpu", precision="float32", weights_folder=folder
    )


@pytest.mark.parametrize("name", ["dlib", "stub"])
def test_an_engine_knows_its_name(name: str, tmp_path: Path) -> None:
    assert built(name, tmp_path).card.name == name


@pytest.mark.parametrize("name", ["", "Dlib", "facenet", "deepface", "deepface:", "deepface:A+"])
def test_an_unknown_name_is_answered_with_what_there_is(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"dlib or deepface:MODEL\+DETECTOR"):
        built(name, tmp_path)


def test_an_unknown_model_of_deepface_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable):
        built("deepface:Nobody+yunet", tmp_path)
