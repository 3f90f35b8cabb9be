"""Input and convolutions that dlib's two networks share in torch."""

from typing import Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faces.engines.dlib_weights import Convolution

MEAN_RGB = (122.782, 117.001, 104.298)


class Conv:
    """A convolution ready to run, in channels-last layout."""

    def __init__(self, filters: Tensor, biases: Tensor | None, stride: int, padding: int) -> None:
        self.filters = filters.contiguous(memory_format=torch.channels_last)
        self.biases, self.stride, self.padding = biases, stride, padding

    @classmethod
    def of(cls, layer: Convolution, device: torch.device, dtype: torch.dtype) -> Self:
        """Make it from a layer that was read from the weight file."""
        filters = torch.from_numpy(layer.filters).to(device, dtype)
        biases = torch.from_numpy(layer.biases).to(device, dtype)
        return cls(filters, biases, layer.stride, layer.padding)

    def __call__(self, features: Tensor) -> Tensor:
        """Features [n, inputs, rows, columns] to [n, outputs, rows', columns']."""
        return functional.conv2d(features, self.filters, self.biases, self.stride, self.padding)


def normalised(pictures: NDArray[np.uint8], device: torch.device) -> Tensor:
    """RGB pictures [n, h, w, 3] as both networks need them: float32 [n, 3, h, w], channels last."""
    rows = torch.from_numpy(pictures).to(device).flatten(2).float()
    # Whole rows, because subtracting three numbers at a time takes five times as long.
    means = torch.tensor(MEAN_RGB, device=device).repeat(pictures.shape[2])
    return rows.sub_(means).div_(256).view(pictures.shape).permute(0, 3, 1, 2)
