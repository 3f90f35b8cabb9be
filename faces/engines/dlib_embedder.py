"""dlib's face recognition network (dlib_face_recognition_resnet_model_v1.dat) in torch.

The same network as DeepFace's model `Dlib`: it turns chips of 150 pixels into 128-D vectors.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faces.engines.dlib_layers import Conv, normalised
from faces.engines.dlib_weights import convolutions, fully_connected

DIMENSION = 128
BATCH_FACES = {"cpu": 80, "cuda": 512}
"""Faces per batch. On a processor 16 are as fast if nothing else runs. But after each layer torch
waits for Python's lock, which a thread that prepares the next faces may hold, so layers are kept
long."""


class DlibEmbedder:
    """Turns chips into vectors. Runs on one device, in one precision."""

    def __init__(self, weights: bytes, *, device: torch.device, dtype: torch.dtype) -> None:
        first, *rest = (Conv.of(layer, device, dtype) for layer in convolutions(weights))
        self._device, self._dtype = device, dtype
        self._first = first
        self._blocks = list(zip(rest[::2], rest[1::2], strict=True))
        self._last = torch.from_numpy(fully_connected(weights)).to(device)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Chips [n, 150, 150, 3] RGB to vectors [n, 128], as dlib gives them (length about 1.3)."""
        step = BATCH_FACES[self._device.type]
        parts = [self._embed(chips[at : at + step]) for at in range(0, len(chips), step)]
        return np.concatenate([np.empty((0, DIMENSION), np.float32), *parts])

    @torch.inference_mode()
    def _embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        features = normalised(chips, self._device).to(self._dtype)
        features = functional.max_pool2d(self._first(features).relu_(), 3, stride=2)
        for first, second in self._blocks:
            features = _residual_block(features, first, second)
        vectors: NDArray[np.float32] = (features.float().mean((2, 3)) @ self._last).cpu().numpy()
        return vectors


def _residual_block(features: Tensor, first: Conv, second: Conv) -> Tensor:
    changed = second(first(features).relu_())
    if first.stride == 2:
        features = functional.avg_pool2d(features, 2)
        shape = np.maximum(features.shape, changed.shape).tolist()
        features, changed = _extended(features, shape), _extended(changed, shape)
    return changed.add_(features).relu_()


def _extended(features: Tensor, shape: list[int]) -> Tensor:
    """Pad with zeros after the last channel, row and column."""
    _, channels, rows, columns = (to - now for to, now in zip(shape, features.shape, strict=True))
    return functional.pad(features, (0, columns, 0, rows, 0, channels))
