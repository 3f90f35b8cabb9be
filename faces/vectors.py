"""Arithmetic on embeddings: unit length, weighted mean, distances."""

import math
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Distance: TypeAlias = Literal["euclidean_l2", "cosine"]
Vectors: TypeAlias = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    """Scale each vector (the last axis) to length one.

    Vectors without a direction (zero, infinite, not a number) become zero, and so close to nothing.
    """
    clean = np.where(np.isfinite(vectors).all(axis=-1, keepdims=True), vectors, 0)
    length = np.linalg.norm(clean, axis=-1, keepdims=True)
    return np.asarray(clean / np.where(length > 0, length, 1), dtype=np.float32)


def pool(vectors: Vectors, weights: NDArray[np.float64]) -> Vectors:
    """Average several vectors [n, d] of the same face, weighted, into one unit vector [d].

    Weights [n] are 0 or more; zero still counts a little, so that all zeros give the plain mean.
    """
    return unit(np.average(unit(vectors), axis=0, weights=weights + 1e-3).astype(np.float32))


def distances(a: Vectors, b: Vectors, kind: Distance = "euclidean_l2") -> Vectors:
    """Every distance between vectors a [n, d] and b [m, d] of any length, as [n, m].

    Computed at unit length: Euclidean distance (0..2) or one minus the cosine (0..2). In double
    precision and rounded to six decimals, so that the distance of two vectors does not depend on
    the other vectors.
    """
    apart = np.clip(1 - unit(a).astype(np.float64) @ unit(b).astype(np.float64).T, 0, 2)
    exact = np.sqrt(2 * apart) if kind == "euclidean_l2" else apart
    return np.asarray(exact.round(6), dtype=np.float32)


def as_euclidean(distance: float, kind: Distance) -> float:
    """The Euclidean distance between unit vectors that is equivalent to a distance of this kind."""
    return math.sqrt(2 * distance) if kind == "cosine" else distance
