"""dlib's image pyramid: where each size of a picture lies on one sheet, and the way back.

All sizes of the picture, each 5/6 of the one before, are laid out on one sheet exactly as in dlib
(create_tiled_pyramid in dlib/image_transforms/image_pyramid.h). Neighbours on the sheet influence
each other a little, so only this layout gives dlib's own scores. One large picture also keeps the
processor busier than twenty small ones.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from faces.engines.dlib_weights import Overlap

GAP_PX, MARGIN_PX = 10, 11
"""Gap between two pictures on the sheet, and margin around all of them."""
SMALLEST_HEIGHT_PX = 5
WINDOW_PX = 80
"""Side of the network's detection window."""
CELL_PX, FIRST_CENTRE_PX = 8, 14
"""The score in row r, column c is that of the window centred on pixel (8c + 14, 8r + 14)."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The layout for pictures of one size, in pixels."""

    height: int
    width: int
    levels: tuple[tuple[int, int, int, int], ...]
    """(left, top, width, height) of each size of the picture, largest first."""


def lay_out(height: int, width: int) -> Sheet:
    """Lay out the pyramid of a picture (pixels): one column down, then a second one up on its
    right."""
    sizes = _sizes(height, width)
    first = _length_of_first_column(sizes)
    tops = accumulate((h + GAP_PX for _, h in sizes[:first]), initial=MARGIN_PX)
    levels = [(MARGIN_PX, top, w, h) for (w, h), top in zip(sizes[:first], tops, strict=False)]
    bottom = levels[-1][1] + levels[-1][3]
    rising = bottom
    for w, h in sizes[first:]:
        if rising - h < MARGIN_PX + height:
            break
        levels.append((MARGIN_PX + width - w, rising - h, w, h))
        rising -= h + GAP_PX
    return Sheet(bottom + MARGIN_PX, width + 2 * MARGIN_PX, tuple(levels))


def boxes(sheet: Sheet, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Numbers:
    """Boxes [n, 4] (x, y, width, height) in whole pixels of the picture, one for each score at
    `rows` [n] and `columns` [n]."""
    centres = np.stack([columns, rows], axis=1) * CELL_PX + FIRST_CENTRE_PX
    lefts_tops, steps = _nearest_levels(sheet, centres)
    reach = (WINDOW_PX - 1) / 2
    corners = np.hstack([centres - lefts_tops - reach, centres - lefts_tops + reach])
    for step in range(int(steps.max(initial=0))):
        deeper = steps > step
        corners[deeper] = corners[deeper] * (6 / 5) + 0.3
    corners = np.trunc(corners + np.copysign(0.5, corners))  # rounds halves away from zero
    return np.hstack([corners[:, :2], corners[:, 2:] - corners[:, :2] + 1])


def suppress(boxes: Numbers, limits: Overlap) -> list[int]:
    """Non-maximum suppression: indices of the boxes to keep, one per face; `boxes` [n, 4] are best
    first."""
    kept: list[int] = []
    waiting = np.arange(len(boxes))
    while waiting.size:
        best, waiting = waiting[0], waiting[1:]
        kept.append(int(best))
        waiting = waiting[~_same_face(boxes[best], boxes[waiting], limits)]
    return kept


def _sizes(height: int, width: int) -> list[tuple[int, int]]:
    sizes = [(width, height)]
    while True:
        width, height = width * 5 // 6, height * 5 // 6
        if width == 0 or height < SMALLEST_HEIGHT_PX:
            return sizes
        sizes.append((width, height))


def _length_of_first_column(sizes: list[tuple[int, int]]) -> int:
    """Number of sizes in the first column: up to the first that fits beside the one above it when
    half of the column below the picture's own height is filled."""
    width, height = sizes[0]
    whole = sum(h + GAP_PX for _, h in sizes) - 2 * GAP_PX
    filled = width_above = 0
    for index, (w, h) in enumerate(sizes):
        if w + GAP_PX <= width - width_above and 2 * (filled - height) >= whole - height:
            return index
        filled, width_above = filled + h + GAP_PX, w
    return len(sizes)


def _nearest_levels(sheet: Sheet, points: NDArray[np.intp]) -> tuple[NDArray[np.intp], ...]:
    """For each point [n, 2], the corner of the level that it lies on or next to, and the level's
    number."""
    levels = np.array(sheet.levels)
    first, last = levels[:, :2], levels[:, :2] + levels[:, 2:] - 1
    outside = points[:, None] - np.clip(points[:, None], first, last)
    nearest = (outside**2).sum(axis=2).argmin(axis=1)
    return first[nearest], nearest


def _same_face(box: Numbers, others: Numbers, limits: Overlap) -> NDArray[np.bool_]:
    first, last = box[:2], box[:2] + box[2:]
    firsts, lasts = others[:, :2], others[:, :2] + others[:, 2:]
    shared = (np.minimum(last, lasts) - np.maximum(first, firsts)).clip(0).prod(axis=1)
    hull = (np.maximum(last, lasts) - np.minimum(first, firsts)).prod(axis=1)
    smaller = np.minimum(box[2:].prod(), others[:, 2:].prod(axis=1))
    same: NDArray[np.bool_] = (shared > limits.of_hull * hull) | (
        shared > limits.of_either * smaller
    )
    return same
