"""What is left out before the exact comparison is certainly too far away."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from faces.engines.nearness import promising
from faces.prefilter import ERROR, least_cosine, promising_pairs
from faces.vectors import distances, unit


def people(seed: int, size: int, dimension: int) -> np.ndarray:
    """Several looks at each of some people, at unit length."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(1, size // 5), dimension))
    looks = centres[random.integers(len(centres), size=size)]
    return unit((looks + 0.3 * random.normal(size=(size, dimension))).astype(np.float32))


@settings(max_examples=30)
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.integers(1, 300),
    dimension=st.sampled_from([2, 8, 128, 512]),
    photos=st.integers(1, 4),
    limit=st.integers(1, 50),
    kept=st.sampled_from([0.0, 0.1, 0.6, 1.0]),
)
def test_none_of_the_closest_is_left_out(
    seed: int, size: int, dimension: int, photos: int, limit: int, kept: float
) -> None:
    vectors = people(seed, size, dimension)
    faces = people(seed + 1, photos, dimension) + vectors[:1]
    among = np.random.default_rng(seed).random(size) < kept
    apart = distances(vectors, faces).min(axis=1)
    apart[~among] = np.inf
    closest = [row for row in np.argsort(apart, kind="stable")[:limit] if apart[row] <= 1.1]
    left = promising(
        vectors.astype(np.float16), faces, least=least_cosine(1.1, "euclidean_l2"), limit=limit,
        among=among,
    )  # fmt: skip
    assert set(closest) <= set(left.tolist())
    assert among[left].all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_no_close_pair_is_left_out(dtype: type) -> None:
    vectors, faces = people(1, 500, 128), people(1, 40, 128)
    near = np.argwhere(distances(vectors, faces, "cosine") <= 0.3)
    rows, columns = promising_pairs(vectors.astype(dtype), faces, least=least_cosine(0.3, "cosine"))
    found = set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert len(near) > 100
    assert {(row, column) for row, column in near.tolist()} <= found


@pytest.mark.parametrize("dimension", [8, 128, 512, 4096])
def test_a_cosine_is_off_by_less_than_is_allowed_for(dimension: int) -> None:
    vectors = people(2, 400, dimension)
    for photo in vectors[:3]:
        exact = vectors.astype(np.float64) @ photo.astype(np.float64)
        least = float(np.quantile(exact, 0.9))
        near = promising(vectors.astype(np.float16), photo[np.newaxis], least=least, limit=None)
        assert set(np.flatnonzero(exact >= least)) <= set(near)
        assert exact[near].min() >= least - 2 * ERROR


def test_nothing_is_near_where_nothing_is() -> None:
    none = np.empty((0, 0), np.float16)
    photo = np.ones((1, 8), np.float32)
    assert not len(promising(none, photo, least=0, limit=5))
    assert not len(promising_pairs(none, photo, least=0)[0])
