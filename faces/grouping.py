"""Groups appearances that may be one person, by their vectors and by what users stated.

Average linkage: the distance of two groups is the average distance of their members. With one minus
the cosine it is one minus the product of the groups' mean vectors, so no memory grows with the
square of the number of appearances; distances are computed in blocks and discarded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from faces.vectors import Vectors, unit

Pair = tuple[int, int]

_BLOCK_NUMBERS = 1 << 24
"""Number of distances held at once: 64 MB of float32."""
_DIGITS = 5
"""Decimals of a distance; the last digits of the same product differ from block to block."""


def group(
    vectors: Vectors,
    *,
    limit: float,
    together: Iterable[Pair] = (),
    apart: Iterable[Pair] = (),
    never: Iterable[Pair] = (),
) -> list[int]:
    """The group of each of n appearances [n, d], numbered from 0 in order of their first members.

    Groups are joined, the closest first, while they are at most `limit` apart on average (Euclidean
    distance between unit vectors). Pairs in `together` are never separated and pairs in `apart`
    never joined; a pair in both is together. No group ever holds a pair in `never`, whatever
    `together` says: of the pairs in `together`, those that would cause it are skipped, in their
    order. The same input gives the same groups.
    """
    directions, never = unit(vectors), list(never)
    not_joined = [*apart, *never]
    merging = _Merging(np.arange(len(vectors)), limit**2 / 2)
    stated = components(len(vectors), [*together, *_equal(directions, not_joined)], never=never)
    merging.start(directions, stated, not_joined)
    while merging.step():
        pass
    return _numbered(merging.labels)


@dataclass(slots=True)
class _Merging:
    """The groups during the joining; row i of each array is group i."""

    labels: NDArray[np.int64]
    """Shape [n]: the group of each appearance."""
    limit: float
    sums: Vectors = field(init=False)
    """Shape [g, d]: sums of the members' unit vectors."""
    counts: NDArray[np.float32] = field(init=False)
    apart: NDArray[np.int64] = field(init=False)
    """Shape [p, 2]: groups that must not be joined, each pair in both directions."""
    nearest: NDArray[np.int64] = field(init=False)
    """The nearest group within the limit; -1 if there is none, -2 if it must be computed."""
    distance: Vectors = field(init=False)

    def start(self, directions: Vectors, stated: NDArray[np.int64], apart: Sequence[Pair]) -> None:
        """Begin with one group per appearance, and join appearance i with `stated[i]`."""
        self.sums, self.counts = directions, np.ones(len(directions), np.float32)
        pairs = np.array(apart, np.int64).reshape(-1, 2)
        self.apart = np.concatenate([pairs, pairs[:, ::-1]])
        self.nearest = np.full(len(directions), -2)
        self.distance = np.full(len(directions), np.inf, np.float32)
        self._join(stated)

    def step(self) -> bool:
        """Join all pairs that are nearest to each other; False if there is none."""
        self._find_nearest()
        there = np.flatnonzero(self.nearest >= 0)
        if not there.size:
            return False
        mutual = there[self.nearest[self.nearest[there]] == there]
        if not mutual.size:  # equal distances in a ring
            mutual = there[[self.distance[there].argmin()]]
        into = np.arange(len(self.counts))
        pairs = np.sort(np.stack([mutual, self.nearest[mutual]], axis=1), axis=1)
        into[pairs[:, 1]] = pairs[:, 0]
        self._join(into)
        return True

    def _join(self, into: NDArray[np.int64]) -> None:
        """Merge group i into group `into[i]`, which itself is not merged into another."""
        kept, place = np.unique(into, return_inverse=True)
        changed = np.bincount(place) > 1
        sums = np.zeros((len(kept), self.sums.shape[1]), np.float32)
        np.add.at(sums, place, self.sums)
        self.sums, self.counts = sums, np.bincount(place, self.counts).astype(np.float32)
        self.labels = place[self.labels]
        ends = place[self.apart]
        ends = ends[ends[:, 0] != ends[:, 1]]
        # One number a pair: that is sorted much faster than rows, and a crowd makes many pairs.
        codes = np.unique(ends[:, 0] * len(kept) + ends[:, 1])
        self.apart = np.stack(np.divmod(codes, len(kept)), axis=1)
        target = self.nearest[kept]
        gone = (target >= 0) & changed[place[np.maximum(target, 0)]]
        self.nearest = np.where(target >= 0, place[np.maximum(target, 0)], target)
        self.nearest[changed | gone] = -2
        self.distance = self.distance[kept]

    def _find_nearest(self) -> None:
        """Recompute the nearest group of each group that was merged or whose nearest was."""
        # Joining brings no group nearer to a third: a group with none within the limit is done.
        means = self.sums / self.counts[:, None]
        stale, open_ = np.flatnonzero(self.nearest == -2), np.flatnonzero(self.nearest != -1)
        nearby = means[open_].T
        at_once = max(1, _BLOCK_NUMBERS // max(1, len(open_)))
        for begin in range(0, len(stale), at_once):
            rows = stale[begin : begin + at_once]
            far = means[rows] @ nearby
            np.round(np.subtract(1, far, out=far), _DIGITS, out=far)
            far[np.arange(len(rows)), np.searchsorted(open_, rows)] = np.inf
            far[_places(self.apart, rows, open_)] = np.inf
            best = far.argmin(axis=1)
            self.distance[rows] = far[np.arange(len(rows)), best]
            within = self.distance[rows] <= self.limit + 10**-_DIGITS
            self.nearest[rows] = np.where(within, open_[best], -1)


def _places(
    pairs: NDArray[np.int64], rows: NDArray[np.int64], columns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the pairs in a block of these rows and columns; all are ascending."""
    begin = np.searchsorted(pairs[:, 0], rows[0])
    pairs = pairs[begin : np.searchsorted(pairs[:, 0], rows[-1], side="right")]
    inside = np.isin(pairs[:, 0], rows) & np.isin(pairs[:, 1], columns)
    first, second = pairs[inside].T
    return np.searchsorted(rows, first), np.searchsorted(columns, second)


def at_one_moment(spans: Sequence[tuple[int, int, int]]) -> list[Pair]:
    """Pairs of indexes of spans that share a moment of one recording.

    A span is a recording's id and the times of its first and last frame, in milliseconds.
    """
    pairs: list[Pair] = []
    open_: list[int] = []
    for place in sorted(range(len(spans)), key=lambda place: spans[place]):
        recording, start, _ = spans[place]
        open_ = [k for k in open_ if spans[k][0] == recording and spans[k][2] >= start]
        pairs += [(min(k, place), max(k, place)) for k in open_]
        open_.append(place)
    return pairs


def components(
    count: int, pairs: Iterable[Pair], *, never: Iterable[Pair] = ()
) -> NDArray[np.int64]:
    """Connected components: for each number below `count`, the smallest one that `pairs` connect
    it with. Shape [count]. A pair that would connect a pair in `never` is skipped."""
    into = list(range(count))
    members = {node: {node} for node in into}
    foes: dict[int, set[int]] = {}
    for first, second in never:
        foes.setdefault(first, set()).add(second)
        foes.setdefault(second, set()).add(first)

    def root(node: int) -> int:
        while into[node] != node:
            into[node] = into[into[node]]
            node = into[node]
        return node

    for first, second in pairs:
        low, high = sorted((root(first), root(second)))
        few, many = sorted((members[low], members[high]), key=len)
        if low == high or any(foes.get(node, set()) & many for node in few):
            continue
        into[high] = low
        many |= few
        members[low] = many
    return np.array([root(node) for node in range(count)], np.int64)


def _equal(directions: Vectors, apart: Iterable[Pair]) -> list[Pair]:
    """Pairs of equal vectors, which would otherwise be joined one by one; without members of
    `apart`."""
    held = {row for pair in apart for row in pair}
    free = np.array([row for row in range(len(directions)) if row not in held], np.int64)
    if not free.size:
        return []
    _, first, place = np.unique(
        directions[free].round(_DIGITS), axis=0, return_index=True, return_inverse=True
    )
    return [(int(free[first[k]]), int(free[i])) for i, k in enumerate(place.ravel())]


def _numbered(labels: NDArray[np.int64]) -> list[int]:
    numbers: dict[int, int] = {}
    return [numbers.setdefault(label, len(numbers)) for label in labels.tolist()]
