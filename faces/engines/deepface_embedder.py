"""Runs DeepFace's own networks over chips, in batches.

Their input is the same as in `represent` with its default normalisation "base": BGR scaled to 0..1
in float32, channels last.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from faces.engines.deepface_parts import Recogniser
from faces.engines.hardware import choose_device, choose_precision

CHUNK = 64
"""Chips per batch: enough to keep a network busy, and memory stays bounded."""


class Embedder:
    """Runs one of DeepFace's recognisers."""

    def __init__(self, recogniser: Recogniser, client: Any, device: str, precision: str) -> None:
        """Use DeepFace's client object; `device` and `precision` are those of the settings.

        Raises ModelUnavailable if `device` is `cuda` and there is no GPU.
        """
        self._recogniser = recogniser
        self._client = client
        self._device = choose_device(device)
        self._half = choose_precision(precision, self._device) == torch.bfloat16
        if recogniser.network == "torch":
            client.model.eval().to(self._device, memory_format=torch.channels_last)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """RGB chips [n, side, side, 3] to vectors [n, dimension], n at least 1."""
        run = self._run_torch if self._recogniser.network == "torch" else self._run_client
        parts = [run(self._seen(chips[i : i + CHUNK])) for i in range(0, len(chips), CHUNK)]
        return np.concatenate(parts)

    def _seen(self, chips: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The part of the chips that the network uses, as BGR."""
        side, width = self._recogniser.side, self._recogniser.width or self._recogniser.side
        left = (side - width) // 2
        return np.ascontiguousarray(chips[:, :, left : left + width, ::-1])

    @torch.inference_mode()
    def _run_torch(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        # The permuted view of [n, h, w, 3] already is torch's channels-last layout.
        pixels = torch.from_numpy(bgr).to(self._device).permute(0, 3, 1, 2).float() / 255
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._half):
            vectors: Tensor = self._client.model(pixels)
        vectors = vectors.float()
        if self._recogniser.unit_length:
            vectors = vectors / (vectors.norm(dim=1, keepdim=True) + 1e-10)
        return np.asarray(vectors.cpu().numpy(), np.float32)

    def _run_client(self, bgr: NDArray[np.uint8]) -> NDArray[np.float32]:
        vectors = self._client.forward(bgr.astype(np.float32) / 255)
        return np.asarray(vectors, np.float32).reshape(len(bgr), -1)
