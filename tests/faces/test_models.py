"""The registry of models: cards, weight files, pins, and the only way to the network."""

import hashlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from errors import ModelUnavailable
from faces.engine import FaceEngine, ModelCard
from faces.engines import weights
from faces.engines.deepface import deepface_engine
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from faces.engines.registry import card
from faces.models import installed, notice, pull


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No network; who asks for it anyway is written down."""
    asked: list[str] = []

    def refuse(*address: object, **_options: object) -> None:
        asked.append(str(address))
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    return asked


def engine(home: Path, model: str = "Dlib", detector: str = "dlib") -> FaceEngine:
    return deepface_engine(
        model, detector, weights_folder=home, device="cpu", precision="float32", min_face_px=40
    )


def some_file(folder: Path, content: bytes = b"weights of a kind") -> Path:
    path = folder / "given.bin"
    path.write_bytes(content)
    return path


def test_every_pair_has_a_card() -> None:
    for model in RECOGNISERS:
        for detector in DETECTORS:
            made = card(f"deepface:{model}+{detector}")
            assert made.name == f"deepface:{model}+{detector}"
            assert made.distance == "cosine"
            assert 0 < made.threshold < 1 and made.licence and made.dimension >= 128


def test_the_default_engines_card_is_the_engines_own() -> None:
    from faces.engines.dlib_embedder import DIMENSION
    from faces.engines.dlib_torch import dlib_engine

    assert card("dlib") == dlib_engine().card
    assert dlib_engine().card.dimension == DIMENSION


@pytest.mark.parametrize(
    "name", ["Facenet512", "deepface:", "deepface:Facenet512", "deepface:+yunet", "deepface:A+b"]
)
def test_an_unknown_engine_is_refused_with_one_sentence(name: str) -> None:
    with pytest.raises(ModelUnavailable, match="There is no") as told:
        card(name)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("dlib", True),
        ("deepface:Facenet512+yunet", True),
        ("deepface:SFace+centerface", True),
        ("deepface:ArcFace+yunet", False),
        ("deepface:VGG-Face+yunet", False),
        ("deepface:Facenet512+yolov8n", False),
        ("deepface:Buffalo_L+retinaface", False),
    ],
)
def test_a_model_not_for_commercial_use_says_so(name: str, allowed: bool) -> None:
    chosen = card(name)
    assert chosen.commercial_use is allowed
    assert (notice(chosen) == "") is allowed
    if not allowed:
        assert notice(chosen).startswith(f"{name} is not cleared for commercial use (")


def test_listing_names_every_model_and_what_it_lacks(tmp_path: Path) -> None:
    pull("yunet", tmp_path, some_file(tmp_path))
    lines = installed(tmp_path)
    assert len(lines) == 1 + len(RECOGNISERS) + len(DETECTORS)
    assert lines[0].name == "dlib" and lines[0].kind == "engine" and lines[0].present
    found = {line.name: line for line in lines[1:]}
    assert found["yunet"].present
    assert not found["Facenet512"].present
    assert found["Facenet512"].missing == ("facenet512_weights.pth",)
    assert found["Facenet512"].threshold == 0.30
    assert found["mediapipe"].threshold is None


def test_listing_loads_neither_torch_nor_deepface(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from faces.models import installed
assert installed(Path(sys.argv[1]))
assert not {"torch", "deepface", "cv2", "dlib", "onnxruntime"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)


def test_missing_weights_are_told_at_once_and_nothing_is_downloaded(
    tmp_path: Path, calls: list[str]
) -> None:
    pull("dlib", tmp_path)
    with pytest.raises(ModelUnavailable) as told:
        engine(tmp_path, "Facenet512")
    for part in (
        "Facenet512 needs facenet512_weights.pth in",
        str(weights.folder(tmp_path)),
        "`nightreel models pull Facenet512`",
        "--from FILE",
    ):
        assert part in str(told.value)
    assert calls == []


def test_weights_that_vanish_after_the_start_are_not_downloaded(
    tmp_path: Path, calls: list[str]
) -> None:
    pull("deepface:Dlib+dlib", tmp_path)
    started = engine(tmp_path)
    for path in weights.folder(tmp_path).iterdir():
        path.unlink()
    with pytest.raises(ModelUnavailable, match="models pull dlib"):
        started.detect([some_picture()])
    assert calls == []


def test_a_centerface_that_vanishes_while_it_works_is_not_downloaded(
    tmp_path: Path, calls: list[str]
) -> None:
    from test_deepface_onnx import FACE, centerface

    graph = some_file(tmp_path, centerface((80, 40), FACE / [80, 100] + 0.5))
    pull("centerface", tmp_path, graph)
    pull("Dlib", tmp_path)
    working = engine(tmp_path, detector="centerface")
    assert len(working.detect([some_picture()])[0]) == 1
    (weights.folder(tmp_path) / "centerface.onnx").unlink()
    with pytest.raises(ModelUnavailable, match="models pull centerface"):
        working.detect([some_picture()])
    assert calls == []


def test_a_detector_whose_package_is_missing_names_it(tmp_path: Path) -> None:
    pull("Dlib", tmp_path)
    absent = [part for part in DETECTORS.values() if weights.missing_package(part)]
    for part in absent:
        package = part.install or part.package
        with pytest.raises(ModelUnavailable, match=f"needs the package {package}, which is not"):
            engine(tmp_path, detector=part.name)


def test_pull_without_a_network_says_where_to_get_the_file(
    tmp_path: Path, calls: list[str]
) -> None:
    with pytest.raises(ModelUnavailable) as told:
        pull("Facenet512", tmp_path)
    assert "https://" in str(told.value) and "facenet512_weights.pth" in str(told.value)
    assert "nightreel models pull Facenet512 --from FILE" in str(told.value)
    assert "\n" not in str(told.value)
    assert list(weights.folder(tmp_path).iterdir()) == []
    assert calls


@pytest.mark.parametrize("name", ["yunet", "centerface", "opencv", "retinaface"])
def test_every_downloader_of_deepface_fails_with_one_sentence(
    name: str, tmp_path: Path, calls: list[str]
) -> None:
    if all(weights.bundled(file) for file in DETECTORS[name].weights):
        pytest.skip("this OpenCV brings the file")
    with pytest.raises(
        ModelUnavailable, match=r"could not be fetched from https://\S+[^.\s](;| or )"
    ):
        pull(name, tmp_path)
    assert calls


def test_pull_takes_what_an_installed_package_brings(tmp_path: Path, calls: list[str]) -> None:
    paths = pull("deepface:Dlib+dlib", tmp_path)
    assert [path.name for path in paths] == [
        "dlib_face_recognition_resnet_model_v1.dat",
        "shape_predictor_5_face_landmarks.dat",
    ]
    assert all(path.is_file() for path in paths)
    assert calls == []


def test_a_given_file_is_copied_and_pinned(tmp_path: Path) -> None:
    given = some_file(tmp_path)
    (path,) = pull("ArcFace", tmp_path, given)
    assert path.read_bytes() == given.read_bytes()
    assert json.loads((tmp_path / weights.PINS).read_text())["arcface_weights.pth"] == {
        "sha256": hashlib.sha256(b"weights of a kind").hexdigest(),
        "size_bytes": 17,
    }
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_given_folder_serves_a_model_of_two_files(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in DETECTORS["opencv"].weights:
        (source / name).write_bytes(name.encode())
    assert [path.read_text() for path in pull("opencv", tmp_path, source)] == list(
        DETECTORS["opencv"].weights
    )
    with pytest.raises(ModelUnavailable, match=r"opencv needs .* does not contain"):
        pull("opencv", tmp_path, some_file(tmp_path))


@pytest.mark.parametrize("content", [None, b""])
def test_a_source_that_is_missing_or_empty_is_refused(
    content: bytes | None, tmp_path: Path
) -> None:
    source = tmp_path / "given.bin"
    if content is not None:
        source.write_bytes(content)
    with pytest.raises(ModelUnavailable):
        pull("ArcFace", tmp_path, source)
    assert not any(path.is_file() for path in weights.folder(tmp_path).glob("*"))


def test_a_changed_file_is_refused_until_it_is_accepted_on_purpose(tmp_path: Path) -> None:
    pull("deepface:Dlib+dlib", tmp_path)
    before = engine(tmp_path).weights_sha256
    path = weights.folder(tmp_path) / "dlib_face_recognition_resnet_model_v1.dat"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ModelUnavailable, match="is not the file it should be"):
        engine(tmp_path)
    with pytest.raises(ModelUnavailable, match="is not the file it should be"):
        pull("Dlib", tmp_path)
    pull("Dlib", tmp_path, path)
    assert engine(tmp_path).weights_sha256 != before


def test_a_file_of_another_size_is_refused(tmp_path: Path) -> None:
    pull("deepface:Dlib+dlib", tmp_path)
    engine(tmp_path)
    with (weights.folder(tmp_path) / "shape_predictor_5_face_landmarks.dat").open("ab") as file:
        file.write(b"more")
    with pytest.raises(ModelUnavailable, match="is not the file it should be"):
        engine(tmp_path)


def test_a_first_use_pins_what_it_finds(tmp_path: Path) -> None:
    weights.folder(tmp_path).mkdir(parents=True)
    path = weights.folder(tmp_path) / "arcface_weights.pth"
    path.write_bytes(b"first")
    first = weights.verify([RECOGNISERS["ArcFace"]], tmp_path)
    assert weights.verify([RECOGNISERS["ArcFace"]], tmp_path) == first
    path.write_bytes(b"other")
    with pytest.raises(ModelUnavailable, match="is not the file it should be"):
        weights.verify([RECOGNISERS["ArcFace"]], tmp_path)


def test_a_first_use_refuses_what_is_not_the_published_file(tmp_path: Path) -> None:
    weights.folder(tmp_path).mkdir(parents=True)
    (weights.folder(tmp_path) / "face_detection_yunet_2023mar.onnx").write_bytes(b"a 404 page")
    with pytest.raises(ModelUnavailable, match="is not the file it should be"):
        weights.verify([DETECTORS["yunet"]], tmp_path)


def test_unreadable_pins_are_refused_with_one_sentence(tmp_path: Path) -> None:
    pull("deepface:Dlib+dlib", tmp_path)
    (tmp_path / weights.PINS).write_text("{half")
    with pytest.raises(ModelUnavailable, match=r"pins\.json cannot be read; delete it"):
        engine(tmp_path)


def test_the_engine_carries_its_card(tmp_path: Path) -> None:
    pull("deepface:Dlib+dlib", tmp_path)
    made: ModelCard = engine(tmp_path).card
    assert made == card("deepface:Dlib+dlib")


def some_picture():
    import numpy as np

    return np.zeros((320, 640, 3), np.uint8)
