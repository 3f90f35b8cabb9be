"""Pairs the faces of consecutive frames: which earlier face continues as which later face.

At a few frames a second people move further than their own width between two frames, so the
embedding decides and the place helps: it chooses among faces that look alike, and it vouches for a
blurred or averted face that has not moved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot
from typing import TypeAlias

import numpy as np

from faces.face import Box
from faces.geometry import iou
from faces.vectors import Vectors

VOUCHED_DISTANCE = 1.25
"""Multiple of the limit up to which a face that has not moved may be continued, if one of the two
is poor. Two clear faces this far apart mean a cut to another person."""
VOUCHING_OVERLAP = 0.5
"""At this intersection over union or more, a face has not moved."""
POOR_SHARE = 0.8
"""A face is poor beside another if its quality is below this share of the other's."""
PLACE_WEIGHT = 0.3
"""Weight of the place beside the embedding, whose own share runs from 0 to 1."""
FAR_IN_FACES = 4
"""Centres this many face sizes apart, or more, count as far."""

Costs: TypeAlias = dict[tuple[int, int], float]
"""The cost of each possible pair (before, after); pairs that are missing are impossible."""


@dataclass(frozen=True, slots=True)
class Look:
    """A face's box, and its quality (0..1)."""

    box: Box
    quality: float


def pairing_costs(
    apart: Vectors, before: Sequence[Look], after: Sequence[Look], limit: float
) -> Costs:
    """The pairs that may be one person, from their distances [before, after], boxes and quality.

    `limit` is the distance (greater than 0) up to which two vectors are taken for one person's. A
    pair within it always costs less than a pair that only the place vouches for.
    """
    costs = {}
    for i, j in np.argwhere(apart <= limit * VOUCHED_DISTANCE).tolist():
        cost = float(apart[i, j]) / limit + PLACE_WEIGHT * _displacement(
            before[i].box, after[j].box
        )
        if apart[i, j] <= limit:
            costs[i, j] = cost
        elif _vouched(before[i], after[j]):
            costs[i, j] = 1 + cost
    return costs


def pair(costs: Costs) -> dict[int, int]:
    """Pair greedily, cheapest first, each at most once: {after: before}."""
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for before, after in sorted(costs, key=lambda pair: (costs[pair], pair)):
        if before not in taken and after not in pairs:
            pairs[after] = before
            taken.add(before)
    return pairs


def _vouched(before: Look, after: Look) -> bool:
    poor, good = sorted((before.quality, after.quality))
    return poor < POOR_SHARE * good and iou(before.box, after.box) >= VOUCHING_OVERLAP


def _displacement(a: Box, b: Box) -> float:
    """How far the centre moved, 0 to 1 (far)."""
    across = a.x + a.width / 2 - b.x - b.width / 2
    down = a.y + a.height / 2 - b.y - b.height / 2
    side = (a.width + a.height + b.width + b.height) / 4
    return min(1.0, hypot(across, down) / (side * FAR_IN_FACES)) if side > 0 else 1.0
