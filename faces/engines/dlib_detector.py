"""dlib's CNN face detector (mmod_human_face_detector.dat) in torch: dlib's boxes and scores."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from faces.engines import dlib_pyramid
from faces.engines.dlib_layers import Conv, normalised
from faces.engines.dlib_pyramid import CELL_PX, WINDOW_PX, Sheet
from faces.engines.dlib_weights import convolutions, suppression_limits
from faces.face import Box, Image

STEM_REACH_PX = 29
"""One cell of features depends on this many pixels of the sheet, and on none outside it."""
BATCH_PIXELS = {"cpu": 250_000, "cuda": 8_000_000}
"""Pixels of pictures processed together: many for a GPU, what its caches hold for a processor."""
STRIP_PIXELS = {"cpu": 2_000_000, "cuda": 64_000_000}
"""Pixels of the sheet in one strip, for the layers whose features are larger than the sheet."""


class DlibDetector:
    """Detects faces from `min_face_px` pixels up. Runs on one device, in one precision."""

    def __init__(
        self, weights: bytes, *, min_face_px: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        layers = convolutions(weights)
        self._limits = suppression_limits(weights)
        self._zoom = WINDOW_PX / min_face_px
        self._device, self._dtype = device, dtype
        self._stem = [Conv.of(layer, device, dtype) for layer in layers[:3]]
        self._body = [Conv.of(layer, device, dtype) for layer in layers[3:-1]]
        self._head, self._head_bias = _row_by_row(Conv.of(layers[-1], device, dtype))

    def find(self, images: Sequence[Image]) -> list[list[tuple[Box, float]]]:
        """Boxes and scores, best first, for RGB pictures [h, w, 3] of any size.

        Boxes are in pixels of their picture and may extend beyond its edge.
        """
        results: list[list[tuple[Box, float]]] = [[] for _ in images]
        for batch in self._batches(images):
            pictures = np.stack([images[index] for index in batch])
            for index, boxes in zip(batch, self._find(pictures), strict=True):
                results[index] = boxes
        return results

    def _batches(self, images: Sequence[Image]) -> list[list[int]]:
        """Batches of indices: pictures of one size that fit into memory together."""
        alike: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            alike.setdefault(image.shape, []).append(index)
        batches = []
        for (height, width, _), indices in alike.items():
            area = max(1, height * width * self._zoom**2)
            count = max(1, int(BATCH_PIXELS[self._device.type] / area))
            batches += [indices[at : at + count] for at in range(0, len(indices), count)]
        return batches

    @torch.inference_mode()
    def _find(self, pictures: NDArray[np.uint8]) -> list[list[tuple[Box, float]]]:
        largest = self._zoomed(normalised(pictures, self._device))
        height, width = largest.shape[2:]
        sheet = dlib_pyramid.lay_out(height, width)
        if min(sheet.height, sheet.width) < STEM_REACH_PX:
            return [[] for _ in pictures]
        scores = self._scores(_fill(sheet, largest).to(self._dtype))
        to_picture = np.array(pictures.shape[2:0:-1] * 2) / (width, height, width, height)
        return [self._faces(sheet, of_picture, to_picture) for of_picture in scores.cpu().numpy()]

    def _zoomed(self, pictures: Tensor) -> Tensor:
        height, width = (max(1, round(side * self._zoom)) for side in pictures.shape[2:])
        if (height, width) == pictures.shape[2:]:
            return pictures
        return functional.interpolate(
            pictures, (height, width), mode="bilinear", antialias=self._zoom < 1
        )

    def _scores(self, sheets: Tensor) -> Tensor:
        """Sheets [n, 3, h, w] to float32 scores [n, h', w']; a score above 0 is a face."""
        features = self._stem_in_strips(sheets)
        for layer in self._body:
            features = layer(features).relu_()
        rows = self._head(features).float()
        height = features.shape[2]
        return sum(
            (rows[:, row, row : row + height] for row in range(rows.shape[1])), self._head_bias
        )

    def _stem_in_strips(self, sheets: Tensor) -> Tensor:
        """The first layers, strip by strip.

        These layers have no padding, so strips that overlap by a few rows give the same numbers.
        """
        count, _, height, width = sheets.shape
        cells = (height - STEM_REACH_PX) // CELL_PX + 1
        step = max(1, STRIP_PIXELS[sheets.device.type] // (count * width * CELL_PX))
        strips = []
        for top in range(0, cells, step):
            last = min(top + step, cells) - 1
            strip = sheets[:, :, top * CELL_PX : last * CELL_PX + STEM_REACH_PX]
            for layer in self._stem:
                strip = layer(strip).relu_()
            strips.append(strip)
        return torch.cat(strips, dim=2)

    def _faces(
        self, sheet: Sheet, scores: NDArray[np.float32], to_picture: NDArray[np.float64]
    ) -> list[tuple[Box, float]]:
        rows, columns = np.nonzero(scores > 0)
        best_first = np.argsort(-scores[rows, columns], kind="stable")
        rows, columns = rows[best_first], columns[best_first]
        boxes = dlib_pyramid.boxes(sheet, rows, columns)
        kept = dlib_pyramid.suppress(boxes, self._limits)
        return [
            (Box(*(boxes[index] * to_picture).tolist()), float(scores[rows[index], columns[index]]))
            for index in kept
        ]


def _fill(sheet: Sheet, largest: Tensor) -> Tensor:
    """Draw every size of the pictures on its sheet; the gaps between them stay 0."""
    count = largest.shape[0]
    sheets = torch.zeros((count, sheet.height, sheet.width, 3), device=largest.device)
    sheets = sheets.permute(0, 3, 1, 2)
    level = largest
    for left, top, width, height in sheet.levels:
        if level.shape[2:] != (height, width):
            level = functional.interpolate(
                level, (height, width), mode="bilinear", align_corners=True
            )
        sheets[:, :, top : top + height, left : left + width] = level
    return sheets


def _row_by_row(head: Conv) -> tuple[Conv, Tensor]:
    """Nine convolutions of one row each instead of one of nine rows, and the bias.

    A single output channel uses one lane of sixteen; nine channels, shifted and added up, give the
    same sums five times faster.
    """
    assert head.biases is not None
    _, inputs, rows, columns = head.filters.shape
    filters = head.filters[0].permute(1, 0, 2).reshape(rows, inputs, 1, columns)
    return Conv(filters, None, 1, head.padding), head.biases.float()
