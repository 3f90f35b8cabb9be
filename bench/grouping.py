"""Measures the grouping of faces beside HDBSCAN: `python -m bench.grouping [APPEARANCES]`.

Draws vectors of many people, some seen once and some often, and reports how well people are
separated, in what time and with how much memory.
"""

import resource
import sys
import time

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import HDBSCAN
from sklearn.metrics import adjusted_rand_score

from faces.grouping import group
from faces.vectors import Vectors, unit

DIMENSION = 128
LIMIT = 0.40
SMALL = 3_000
SPREADS = (0.15, 0.20, 0.25, 0.30)


def main(appearances: str = "100000") -> None:
    """Print how well either method separates people, and what a large case costs."""
    print("| distance to a person's own mean | average linkage | HDBSCAN |\n| --- | --- | --- |")
    for spread in SPREADS:
        vectors, people = _drawn(SMALL, spread)
        ours = group(vectors, limit=LIMIT)
        theirs = _numbered_alone(HDBSCAN(min_cluster_size=2, copy=True).fit_predict(vectors))
        scores = (adjusted_rand_score(people, labels) for labels in (ours, theirs))
        print(f"| {spread:.2f} |" + "".join(f" {score:.3f} |" for score in scores))
    print(
        "\n| appearances | seconds | memory, MB | groups of 3 or more |\n| --- | --- | --- | --- |"
    )
    for count in (int(appearances) // 10, int(appearances)):
        vectors, _ = _drawn(count, 0.2)
        before, begun = _peak_mb(), time.perf_counter()
        labels = np.bincount(group(vectors, limit=LIMIT))
        seconds, memory = time.perf_counter() - begun, _peak_mb() - before
        print(f"| {count:,} | {seconds:.1f} | {memory:.0f} | {(labels >= 3).sum():,} |")


def _drawn(count: int, spread: float) -> tuple[Vectors, NDArray[np.int64]]:
    """Vectors and the person of each; half of the people are seen once, some very often."""
    rng = np.random.default_rng(7)
    people = np.minimum(rng.zipf(1.5, count), count) % (count // 3)
    people = np.where(rng.random(count) < 0.4, np.arange(count) + count, people)
    _, places = np.unique(people, return_inverse=True)
    centres = unit(rng.normal(size=(places.max() + 1, DIMENSION)).astype(np.float32))
    noise = unit(rng.normal(size=(count, DIMENSION)).astype(np.float32))
    return unit(centres[places] + np.float32(spread) * noise), places


def _numbered_alone(labels: NDArray[np.int64]) -> NDArray[np.int64]:
    """HDBSCAN labels all vectors outside of groups -1; make each a group of its own."""
    alone = np.arange(len(labels)) + len(labels)
    return np.where(labels < 0, alone, labels)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
