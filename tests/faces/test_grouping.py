"""Groups of appearances: as average linkage makes them, and as people have said."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import AgglomerativeClustering

from faces.grouping import at_one_moment, group
from faces.vectors import unit

LIMIT = 0.5


def people(count: int, each: int, *, seed: int = 1, spread: float = 0.03) -> NDArray[np.float32]:
    """`each` appearances of each person, one person after another."""
    rng = np.random.default_rng(seed)
    centres = np.repeat(unit(rng.normal(size=(count, 64)).astype(np.float32)), each, axis=0)
    return unit(centres + rng.normal(0, spread, centres.shape).astype(np.float32))


def partition(labels: list[int]) -> set[frozenset[int]]:
    return {frozenset(i for i, one in enumerate(labels) if one == label) for label in set(labels)}


@st.composite
def faces(draw: st.DrawFn) -> NDArray[np.float32]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(2, 40))
    return unit(rng.normal(size=(count, draw(st.integers(2, 8)))).astype(np.float32))


def pairs_of(vectors: NDArray[np.float32], seed: int, number: int) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    every = list(combinations(range(len(vectors)), 2))
    chosen = rng.choice(len(every), min(number, len(every)), replace=False)
    return [every[k] for k in chosen]


def test_appearances_of_one_person_are_one_group() -> None:
    labels = group(people(5, 4), limit=LIMIT)
    assert labels == [person for person in range(5) for _ in range(4)]


@settings(max_examples=60)
@given(faces(), st.floats(0.2, 1.3))
def test_groups_are_those_of_average_linkage(vectors: NDArray[np.float32], limit: float) -> None:
    oracle = AgglomerativeClustering(
        n_clusters=None, metric="cosine", linkage="average", distance_threshold=limit**2 / 2
    )
    expected = oracle.fit_predict(vectors.astype(np.float64)).tolist()
    assume(np.abs(oracle.distances_ - limit**2 / 2).min() > 1e-4)
    assert partition(group(vectors, limit=limit)) == partition(expected)


@settings(max_examples=60)
@given(faces(), st.integers(0, 999), st.integers(0, 8), st.integers(0, 8))
def test_what_people_said_always_holds(
    vectors: NDArray[np.float32], seed: int, joined: int, separated: int
) -> None:
    together = pairs_of(vectors, seed, joined)
    one = group(vectors, limit=0.001, together=together)
    apart = [
        pair for pair in pairs_of(vectors, seed + 1, separated) if one[pair[0]] != one[pair[1]]
    ]
    labels = group(vectors, limit=1.2, together=together, apart=apart)
    assert all(labels[a] == labels[b] for a, b in together)
    assert all(labels[a] != labels[b] for a, b in apart)
    assert labels == group(vectors, limit=1.2, together=together, apart=apart)


@settings(max_examples=40)
@given(faces(), st.randoms(use_true_random=False))
def test_the_order_of_appearances_does_not_matter(
    vectors: NDArray[np.float32], random: object
) -> None:
    order = np.random.default_rng(random.randint(0, 2**31)).permutation(len(vectors))  # type: ignore[attr-defined]
    shuffled = group(vectors[order], limit=0.7)
    back = {frozenset(int(order[i]) for i in one) for one in partition(shuffled)}
    assert back == partition(group(vectors, limit=0.7))


def test_a_pair_that_is_said_to_be_both_is_together() -> None:
    labels = group(people(2, 2), limit=0.1, together=[(0, 3)], apart=[(0, 3), (0, 1)])
    assert labels[0] == labels[3] != labels[1]


def test_who_was_separated_is_not_joined_by_way_of_a_third() -> None:
    vectors = people(1, 3)
    labels = group(vectors, limit=LIMIT, apart=[(0, 1)])
    assert labels[0] != labels[1]
    assert labels[2] in (labels[0], labels[1])


def test_equal_vectors_are_one_group_at_once() -> None:
    assert set(group(np.ones((500, 8), np.float32), limit=0.1)) == {0}


def test_equal_vectors_that_belong_apart_stay_apart() -> None:
    labels = group(np.ones((4, 8), np.float32), limit=0.1, apart=[(0, 1)])
    assert labels[0] != labels[1]


@pytest.mark.parametrize("count", [0, 1])
def test_hardly_any_appearances_are_no_error(count: int) -> None:
    assert group(np.ones((count, 8), np.float32), limit=LIMIT) == [0] * count


def test_blocks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = people(20, 5, spread=0.09)
    whole = group(vectors, limit=0.9, apart=[(0, 1), (7, 9)])
    monkeypatch.setattr("faces.grouping._BLOCK_NUMBERS", 150)
    assert group(vectors, limit=0.9, apart=[(0, 1), (7, 9)]) == whole


SPANS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 30), st.integers(0, 9)).map(
        lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
    ),
    min_size=2,
    max_size=40,
)


@settings(max_examples=100)
@given(SPANS)
def test_spans_of_one_moment_are_all_found(spans: list[tuple[int, int, int]]) -> None:
    expected = [
        (i, j)
        for i, j in combinations(range(len(spans)), 2)
        if spans[i][0] == spans[j][0]
        and max(spans[i][1], spans[j][1]) <= min(spans[i][2:] + spans[j][2:])
    ]
    assert sorted(at_one_moment(spans)) == expected


@settings(max_examples=150)
@given(SPANS, st.integers(0, 999), st.floats(0.2, 1.9), st.integers(0, 12), st.integers(0, 4))
def test_no_group_holds_two_of_one_moment_whatever_is_said(
    spans: list[tuple[int, int, int]], seed: int, limit: float, together: int, apart: int
) -> None:
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(len(spans), 3)).astype(np.float32))
    never = at_one_moment(spans)
    labels = group(
        vectors,
        limit=limit,
        together=pairs_of(vectors, seed, together),
        apart=pairs_of(vectors, seed + 1, apart),
        never=never,
    )
    assert [(i, j) for i, j in never if labels[i] == labels[j]] == []
