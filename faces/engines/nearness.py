"""Which of very many vectors may be close to a face: scored in torch, with room for its errors.

Nothing here decides a distance. It leaves out what certainly is too far away; what is left is
compared exactly, by `faces.matching`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from faces.vectors import Distance, Vectors, unit

ERROR = 2e-3
"""How far a cosine may be off. Rounding both vectors and the sum to float16, each by 2^-11 of its
size at most, comes to 1.5e-3; the rest is for adding up in float32 and for rounded distances."""
FEW = 0.25
"""Of the rows: so few are picked out first, of more all are scored."""
ROWS_AT_ONCE = 65_536


def promising(
    vectors: NDArray[Any],
    photos: Vectors,
    *,
    least: float,
    limit: int | None,
    among: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Rows of unit vectors [n, d] that may be among the `limit` closest to any of photos [k, d].

    A row counts whose cosine with a photo is at least `least`, and only `among` these, if given.
    Rows come in order; there are more than `limit` of them where the errors leave it open.
    """
    if not len(vectors):
        return np.empty(0, np.int64)
    rows = None if among is None else np.flatnonzero(among)
    matrix = torch.from_numpy(vectors)
    if among is None or rows is None:
        scores = _scores(matrix, photos)
    elif len(rows) < FEW * len(vectors):
        scores = _scores(matrix[torch.from_numpy(rows)], photos)
    else:
        scores, rows = _scores(matrix, photos), None
        scores.masked_fill_(torch.from_numpy(~among), -torch.inf)
    close = _best(scores, least - ERROR, limit).numpy()
    return close if rows is None else np.asarray(rows[close])


def promising_pairs(
    vectors: NDArray[Any], photos: Vectors, *, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The pairs (row of unit vectors [n, d], row of photos [m, d]) that may be close enough."""
    if not len(vectors):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    theirs = torch.from_numpy(unit(photos)).T.contiguous()
    rows, columns = [], []
    for first in range(0, len(vectors), ROWS_AT_ONCE):
        block = torch.from_numpy(vectors[first : first + ROWS_AT_ONCE]).float()
        found = torch.nonzero(block @ theirs >= least - ERROR).numpy()
        rows.append(found[:, 0] + first)
        columns.append(found[:, 1])
    return np.concatenate(rows), np.concatenate(columns)


def least_cosine(threshold: float, kind: Distance) -> float:
    """The cosine of two vectors that are just close enough."""
    return 1 - (threshold**2 / 2 if kind == "euclidean_l2" else threshold)


def _scores(matrix: torch.Tensor, photos: Vectors) -> torch.Tensor:
    ours: Sequence[torch.Tensor] = list(torch.from_numpy(unit(photos)).to(matrix.dtype))
    scores = torch.mv(matrix, ours[0])
    for photo in ours[1:]:
        torch.maximum(scores, torch.mv(matrix, photo), out=scores)
    return scores


def _best(scores: torch.Tensor, least: float, limit: int | None) -> torch.Tensor:
    """Rows in order that score at least this, and so near the best `limit` as the errors ask."""
    if limit is None or not len(scores):
        return torch.nonzero(scores >= least)[:, 0]
    # A partial sort of a million is done ten times as fast as a comparison that lists its rows.
    number = min(limit, len(scores))
    best = torch.topk(scores, number)
    floor = max(least, float(best.values[-1]) - 2 * ERROR)
    while best.values[-1] >= floor and number < len(scores):
        number = min(4 * number, len(scores))
        best = torch.topk(scores, number)
    return best.indices[best.values >= floor].sort().values
