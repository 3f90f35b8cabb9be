"""Ranks the appearances within the threshold of a person's references.

A distance orders candidates and nothing more. At or below the threshold an appearance becomes a
candidate for a person to judge. How many strangers also become candidates depends on how many faces
were searched and on how clear they are, so no distance alone says that two faces are one person's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from faces.vectors import Distance, Vectors, distances


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate, as indices into the compared rows."""

    rank: int
    """1 is the closest."""
    appearance: int
    reference: int
    """The closest reference."""
    distance: float


def distance(a: Vectors, b: Vectors, kind: Distance) -> float:
    """Distance of two vectors [d] of any length: 0 (same direction) to 2."""
    return float(distances(a[np.newaxis], b[np.newaxis], kind)[0, 0])


def is_within(distance: ArrayLike, threshold: float) -> NDArray[np.bool_]:
    """Whether distances are at or below a threshold, in float32 as they were measured.

    A distance that was stored is a double, and would be above the threshold it is equal to.
    """
    return np.asarray(distance, np.float32) <= np.float32(threshold)


def rank(
    appearances: Vectors, references: Vectors, *, kind: Distance, threshold: float
) -> list[Ranked]:
    """Rank the appearances [n, d] within the threshold of one person's references [m, d].

    Each appearance gets its distance to the closest reference. Those at or below the threshold are
    returned, closest first; equal distances keep the order of the rows, so pass them in order of
    time. The list is empty if there is nothing to compare or nothing is within the threshold.
    """
    if not len(appearances) or not len(references):
        return []
    apart = distances(appearances, references, kind)
    closest = apart.argmin(axis=1)
    nearest = apart.min(axis=1)
    order = np.argsort(nearest, kind="stable")
    within = order[is_within(nearest[order], threshold)]
    return [
        Ranked(place, int(row), int(closest[row]), float(nearest[row]))
        for place, row in enumerate(within, start=1)
    ]
