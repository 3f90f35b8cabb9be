"""False candidates are counted search by search, and the interval is Wilson's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.error_rates import Rate, rate

DISTANCES = st.lists(st.lists(st.floats(0, 2, allow_nan=False)), min_size=1, max_size=20)


def test_a_search_counts_once_and_each_of_its_candidates_counts() -> None:
    found = rate([[0.1, 0.4, 0.41], [], [0.5], [0.2]], 0.4)
    assert found == Rate(0.4, searches=4, with_any=2, false_candidates=3)
    assert (found.share, found.in_a_thousand) == (0.5, 750)


def test_the_interval_is_that_of_the_literature() -> None:
    """Newcombe 1998, table I: 15 of 148, and 0 of 20."""
    assert Rate(0.4, 148, 15, 15).interval == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert Rate(0.4, 20, 0, 0).interval == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(DISTANCES, st.floats(0, 2))
def test_the_share_lies_in_its_interval_and_the_interval_between_none_and_all(
    closest: list[list[float]], threshold: float
) -> None:
    found = rate(closest, threshold)
    low, high = found.interval
    assert 0 <= low <= found.share + 1e-12
    assert found.share - 1e-12 <= high <= 1


@given(DISTANCES, st.floats(0, 2), st.floats(0, 2))
def test_a_looser_threshold_never_gives_fewer(
    closest: list[list[float]], one: float, other: float
) -> None:
    strict, loose = rate(closest, min(one, other)), rate(closest, max(one, other))
    assert strict.with_any <= loose.with_any
    assert strict.false_candidates <= loose.false_candidates
