"""Which pairs of very many vectors may be close: scored in float32, with room for its errors.

Nothing here decides a distance. It excludes what certainly is too far away; the rest is compared
exactly, by `faces.matching`. A search for a single person is `faces.engines.nearness`: torch scores
float16 seven times as fast as NumPy does, but takes longer to import than a small archive to match.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces.vectors import Distance, Vectors, unit

ERROR = 2e-3
"""How far a cosine may be off. Rounding both vectors and the sum to float16, each by 2^-11 of its
size at most, comes to 1.5e-3; the rest is for adding up in float32 and for rounded distances."""
ROWS_AT_ONCE = 4096
"""In float32 they still fit the processor's cache."""


def least_cosine(threshold: float, kind: Distance) -> float:
    """The cosine of two vectors that are just close enough."""
    return 1 - (threshold**2 / 2 if kind == "euclidean_l2" else threshold)


def promising_pairs(
    vectors: NDArray[Any], photos: Vectors, *, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs (row of unit vectors [n, d], row of photos [m, d]) that may be close enough."""
    if not len(vectors):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    theirs = np.ascontiguousarray(unit(photos).T)
    rows, columns = [], []
    for first in range(0, len(vectors), ROWS_AT_ONCE):
        block = vectors[first : first + ROWS_AT_ONCE].astype(np.float32, copy=False)
        found = np.nonzero(block @ theirs >= least - ERROR)
        rows.append(found[0] + first)
        columns.append(found[1])
    return np.concatenate(rows), np.concatenate(columns)
