"""Excludes pairs that are certainly too far apart, among very many vectors.

Scores are computed in float32, with a margin for rounding errors; the remaining pairs are compared
exactly by `faces.matching`. Searches for a single person use `faces.engines.nearness`: torch scores
float16 seven times as fast as NumPy, but its import takes longer than matching a small archive.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from faces.vectors import Distance, Vectors, unit

ERROR = 2e-3
"""Largest error of a cosine. Rounding both vectors and the sum to float16, each by at most 2^-11 of
its size, gives 1.5e-3; the rest is for summing in float32 and for rounded distances."""
ROWS_AT_ONCE = 4096
"""Rows of a block; in float32 they still fit the processor's cache."""


def least_cosine(threshold: float, kind: Distance) -> float:
    """The cosine of two vectors whose distance of this kind is exactly the threshold."""
    return 1 - (threshold**2 / 2 if kind == "euclidean_l2" else threshold)


def promising_pairs(
    vectors: NDArray[Any], photos: Vectors, *, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs (row of unit vectors [n, d], row of photos [m, d]) that may be close enough, as two
    arrays; `least` is the smallest cosine that is."""
    if not len(vectors):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    columns_of_photos = np.ascontiguousarray(unit(photos).T)
    rows, columns = [], []
    for first in range(0, len(vectors), ROWS_AT_ONCE):
        block = vectors[first : first + ROWS_AT_ONCE].astype(np.float32, copy=False)
        close = np.nonzero(block @ columns_of_photos >= least - ERROR)
        rows.append(close[0] + first)
        columns.append(close[1])
    return np.concatenate(rows), np.concatenate(columns)
