"""Which appearances come close to a person, and how close.

A distance orders candidates and nothing more. At or below the threshold an appearance becomes a
candidate for a person to judge; how many strangers also get there depends on how many faces were
searched and on how clear they are, so no distance says by itself that two faces are one person's.
"""

from dataclasses import dataclass

import numpy as np

from faces.vectors import Distance, Vectors, distances


@dataclass(frozen=True, slots=True)
class Ranked:
    """One candidate: indices into what was compared."""

    rank: int
    """1 is the closest."""
    appearance: int
    reference: int
    """The reference that came closest."""
    distance: float


def distance(a: Vectors, b: Vectors, kind: Distance) -> float:
    """How far two vectors [d] of any length are apart: 0 (same direction) to 2."""
    return float(distances(a[np.newaxis], b[np.newaxis], kind)[0, 0])


def rank(
    appearances: Vectors, references: Vectors, *, kind: Distance, threshold: float
) -> list[Ranked]:
    """Rank the appearances [n, d] that come close to one person's references [m, d].

    Each appearance is compared with every reference and takes the closest. Those at or below the
    threshold are returned, closest first; equal distances keep the order of the rows, so give them
    in order of time. The list is empty when there is nothing to compare or nothing is close.
    """
    if not len(appearances) or not len(references):
        return []
    apart = distances(appearances, references, kind)
    closest = apart.argmin(axis=1)
    nearest = apart.min(axis=1)
    order = np.argsort(nearest, kind="stable")
    within = order[nearest[order] <= threshold]
    return [
        Ranked(place, int(row), int(closest[row]), float(nearest[row]))
        for place, row in enumerate(within, start=1)
    ]
