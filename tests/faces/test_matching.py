import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.matching import distance, rank
from faces.vectors import Distance, as_euclidean, distances, unit


def at(*degrees: float, length: float = 1.0) -> np.ndarray:
    """Vectors in the plane at these angles."""
    angles = np.radians(degrees)
    return (length * np.column_stack([np.cos(angles), np.sin(angles)])).astype(np.float32)


def test_candidates_are_ranked_by_distance_to_the_reference_that_came_closest() -> None:
    ranked = rank(at(49, 5, 120), at(0, 45), kind="euclidean_l2", threshold=0.6)
    assert [(one.rank, one.appearance, one.reference) for one in ranked] == [(1, 0, 1), (2, 1, 0)]
    assert [one.distance for one in ranked] == pytest.approx(
        2 * np.sin(np.radians([2, 2.5])), abs=2e-6
    )


def test_equal_distances_keep_the_order_of_the_rows() -> None:
    ranked = rank(at(10, 10, 0, 10), at(0), kind="cosine", threshold=0.5)
    assert [one.appearance for one in ranked] == [2, 0, 1, 3]


def test_a_distance_equal_to_the_threshold_makes_a_candidate() -> None:
    right_angle = rank(at(90), at(0), kind="cosine", threshold=1.0)
    assert [one.distance for one in right_angle] == [1.0]


def test_nothing_close_is_an_empty_list() -> None:
    assert rank(at(90, 180), at(0), kind="euclidean_l2", threshold=0.6) == []


@pytest.mark.parametrize(("appearances", "references"), [((), (0,)), ((0,), ())])
def test_nothing_to_compare_is_an_empty_list(
    appearances: tuple[float, ...], references: tuple[float, ...]
) -> None:
    assert rank(at(*appearances), at(*references), kind="cosine", threshold=2) == []


@pytest.mark.parametrize("value", [0, np.nan, np.inf])
def test_a_vector_without_direction_is_never_a_candidate(value: float) -> None:
    broken = np.full((1, 2), value, np.float32)
    assert rank(broken, at(0), kind="euclidean_l2", threshold=0.9) == []


@given(st.floats(0, 180), st.floats(0.1, 50), st.sampled_from(["euclidean_l2", "cosine"]))
def test_distance_is_taken_at_unit_length(angle: float, length: float, kind: Distance) -> None:
    known = 1 - np.cos(np.radians(angle))
    expected = np.sqrt(2 * known) if kind == "euclidean_l2" else known
    a, b = at(0)[0], at(angle, length=length)[0]
    assert distance(a, b, kind) == pytest.approx(expected, abs=6e-4)
    assert distance(b, a, kind) == pytest.approx(distance(a, b, kind), abs=6e-4)


@given(st.floats(0, 2), st.floats(0, 180))
def test_a_converted_threshold_makes_the_same_candidates(threshold: float, angle: float) -> None:
    cosine = distance(at(0)[0], at(angle)[0], "cosine")
    euclidean = distance(at(0)[0], at(angle)[0], "euclidean_l2")
    if abs(cosine - threshold) > 1e-3:
        assert (cosine <= threshold) == (euclidean <= as_euclidean(threshold, "cosine"))


def test_a_euclidean_threshold_needs_no_conversion() -> None:
    assert as_euclidean(0.6, "euclidean_l2") == 0.6


@given(st.integers(1, 30), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_ranking_says_what_comparing_one_by_one_says(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    appearances = rng.normal(size=(n, 4)).astype(np.float32)
    references = rng.normal(size=(m, 4)).astype(np.float32)
    apart = np.linalg.norm(unit(appearances)[:, None] - unit(references)[None], axis=2)
    ranked = rank(appearances, references, kind="euclidean_l2", threshold=1.0)
    assert distances(appearances, references) == pytest.approx(apart, abs=1e-5)
    assert [one.rank for one in ranked] == list(range(1, len(ranked) + 1))
    assert [one.distance for one in ranked] == sorted(one.distance for one in ranked)
    assert {one.appearance for one in ranked} >= set(np.flatnonzero(apart.min(axis=1) < 0.999))
    assert all(one.distance <= 1.0 for one in ranked)


@given(st.integers(1, 60), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_two_vectors_are_equally_far_apart_whatever_else_is_compared(
    n: int, m: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=8)
    appearances, references = (
        (middle + rng.normal(scale=0.02, size=(count, 8))).astype(np.float32) for count in (n, m)
    )
    together = distances(appearances, references)
    one_by_one = [[distance(a, b, "euclidean_l2") for b in references] for a in appearances]
    assert together.tolist() == one_by_one
