"""Excludes vectors that are certainly too far from a face, among very many.

Scores are computed in torch, with a margin for rounding errors; the remaining vectors are compared
exactly by `faces.matching`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from faces.prefilter import ERROR
from faces.vectors import Vectors, unit

FEW = 0.25
"""Below this share of the rows, they are picked out before scoring; otherwise all rows are
scored."""


def promising(
    vectors: NDArray[Any],
    photos: Vectors,
    *,
    least: float,
    limit: int | None,
    among: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Rows of unit vectors [n, d] that may be among the `limit` closest to any of photos [k, d].

    Only rows whose cosine with a photo is at least `least` count, and if `among` [n] is given, only
    rows that are True in it. Rows are in ascending order; there are more than `limit` of them if
    rounding errors leave open which are closest.
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


def _scores(matrix: torch.Tensor, photos: Vectors) -> torch.Tensor:
    units: Sequence[torch.Tensor] = list(torch.from_numpy(unit(photos)).to(matrix.dtype))
    scores = torch.mv(matrix, units[0])
    for photo in units[1:]:
        torch.maximum(scores, torch.mv(matrix, photo), out=scores)
    return scores


def _best(scores: torch.Tensor, least: float, limit: int | None) -> torch.Tensor:
    """Rows that score at least `least` and may be among the best `limit`, in ascending order."""
    if limit is None or not len(scores):
        return torch.nonzero(scores >= least)[:, 0]
    # A partial sort of a million scores is ten times as fast as listing the rows above a score.
    number = min(limit, len(scores))
    best = torch.topk(scores, number)
    floor = max(least, float(best.values[-1]) - 2 * ERROR)
    while best.values[-1] >= floor and number < len(scores):
        number = min(4 * number, len(scores))
        best = torch.topk(scores, number)
    return best.indices[best.values >= floor].sort().values
