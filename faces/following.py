"""Follow one face through a few looks at a scene, so that every other one can be hidden.

Where it is not sure which face is the one, none is: then all are hidden, which can be put right by
whoever looks, while a face that was shown cannot be taken back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from faces.face import Box
from faces.geometry import iou
from faces.matching import distance
from faces.vectors import Distance

SAME_PLACE = 0.3
"""Overlap, as intersection over union, from one look to the next."""
AROUND = 0.35
"""How much is hidden around a face on each side, in its own sides."""
COARSEST_BLOCKS = 6
"""A hidden face is left with this many blocks across: too few to tell anybody by."""


@dataclass(frozen=True, slots=True, eq=False)
class Spotted:
    """A face in one look."""

    box: Box
    vector: NDArray[np.float32]


def follow(
    looks: Sequence[Sequence[Spotted]],
    *,
    begin: int,
    box: Box,
    kind: Distance,
    threshold: float,
) -> list[int | None]:
    """Which face of each look is the one that is at `box` in look `begin`; None: not sure."""
    own: list[int | None] = [None] * len(looks)
    first = _nearest_place(looks[begin], box)
    if first is None:
        return own
    vector = looks[begin][first].vector
    for step in (1, -1):
        last: Box | None = box
        for number in range(begin, len(looks) if step > 0 else -1, step):
            own[number] = _own(looks[number], last, vector, kind, threshold)
            found = own[number]
            last = None if found is None else looks[number][found].box
    return own


def others(looks: Sequence[Sequence[Spotted]], own: Sequence[int | None]) -> list[list[Box]]:
    """What is to be hidden at each look: where somebody else is, was before or will be after."""
    strangers = [
        [face.box for number, face in enumerate(look) if number != mine]
        for look, mine in zip(looks, own, strict=True)
    ]
    return [
        [box for near in strangers[max(0, place - 1) : place + 2] for box in near]
        for place in range(len(strangers))
    ]


def hide(image: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
    """The picture with these faces made coarse, each with some surroundings."""
    hidden = image.copy()
    for box in boxes:
        rows, columns = _around(box, image.shape[0], image.shape[1])
        hidden[rows, columns] = _coarse(image[rows, columns])
    return hidden


def _own(
    look: Sequence[Spotted],
    last: Box | None,
    vector: NDArray[np.float32],
    kind: Distance,
    threshold: float,
) -> int | None:
    near = [n for n, face in enumerate(look) if last and iou(face.box, last) >= SAME_PLACE]
    if len(near) == 1:
        return near[0]
    apart = [distance(face.vector, vector, kind) for face in look]
    closest = min(range(len(look)), key=apart.__getitem__, default=None)
    return closest if closest is not None and apart[closest] <= threshold else None


def _nearest_place(look: Sequence[Spotted], box: Box) -> int | None:
    shares = [iou(face.box, box) for face in look]
    best = max(range(len(look)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] >= SAME_PLACE else None


def _around(box: Box, height: int, width: int) -> tuple[slice, slice]:
    across, down = AROUND * box.width, AROUND * box.height
    left, top = max(0, int(box.x - across)), max(0, int(box.y - down))
    right = min(width, int(np.ceil(box.x + box.width + across)))
    bottom = min(height, int(np.ceil(box.y + box.height + down)))
    return slice(top, max(top, bottom)), slice(left, max(left, right))


def _coarse(piece: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Blocks of the mean colour, at most six across and down."""
    if not piece.size:
        return piece
    height, width = piece.shape[:2]
    blocks = min(COARSEST_BLOCKS, width), min(COARSEST_BLOCKS, height)
    small = Picture.fromarray(piece).resize(blocks, Picture.Resampling.BOX)
    return np.asarray(small.resize((width, height), Picture.Resampling.NEAREST))
