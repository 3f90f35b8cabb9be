"""Follows one face through the pictures of a clip, so that all other faces can be hidden.

In a picture where it is not certain which face is the followed one, none is chosen and all are
hidden: a viewer can correct that, but a face that was shown cannot be unseen.
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
"""Least intersection over union of a face's boxes in consecutive pictures."""
AROUND = 0.35
"""How much is hidden around a face on each side, as a share of the box's width or height."""
COARSEST_BLOCKS = 6
"""A hidden face keeps this many blocks across: too few to recognise a person."""


@dataclass(frozen=True, slots=True, eq=False)
class Spotted:
    """A face in one picture, with its vector [d]."""

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
    """For each picture of `looks`, the index of the face that is at `box` in picture `begin`; None
    where that is not certain.

    Two vectors at most `threshold` apart, in the distance `kind`, may be one person's.
    """
    own: list[int | None] = [None] * len(looks)
    first = _nearest_place(looks[begin], box)
    if first is None:
        return own
    vector = looks[begin][first].vector
    for step in (1, -1):
        last: Box | None = box
        for number in range(begin, len(looks) if step > 0 else -1, step):
            own[number] = _own(looks[number], last, vector, kind, threshold)
            index = own[number]
            last = None if index is None else looks[number][index].box
    return own


def others(looks: Sequence[Sequence[Spotted]], own: Sequence[int | None]) -> list[list[Box]]:
    """The boxes to hide in each picture: all other faces in it and in the pictures before and
    after. `own` is the result of `follow`."""
    strangers = [
        [face.box for number, face in enumerate(look) if number != followed]
        for look, followed in zip(looks, own, strict=True)
    ]
    return [
        [box for near in strangers[max(0, place - 1) : place + 2] for box in near]
        for place in range(len(strangers))
    ]


def hide(image: NDArray[np.uint8], boxes: Sequence[Box]) -> NDArray[np.uint8]:
    """A copy of the picture (RGB [h, w, 3]) with these faces pixelated, each with a margin."""
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
    """Pixelate a piece to blocks of their mean colour, at most six across and down."""
    if not piece.size:
        return piece
    height, width = piece.shape[:2]
    blocks = min(COARSEST_BLOCKS, width), min(COARSEST_BLOCKS, height)
    small = Picture.fromarray(piece).resize(blocks, Picture.Resampling.BOX)
    return np.asarray(small.resize((width, height), Picture.Resampling.NEAREST))
