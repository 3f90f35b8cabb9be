"""A threshold suggested from decisions makes the fewest errors on them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.calibration import FEW, suggest

DISTANCES = st.lists(st.floats(0.01, 2, allow_nan=False), min_size=1, max_size=20)


@given(DISTANCES, DISTANCES)
def test_no_threshold_makes_fewer_errors(same: list[float], different: list[float]) -> None:
    found = suggest(same, different)
    assert found is not None

    def errors(threshold: float) -> int:
        return sum(d > threshold for d in same) + sum(d <= threshold for d in different)

    assert errors(found.threshold) == found.missed + found.admitted
    assert min(errors(t) for t in [0.0, *same, *different]) == found.missed + found.admitted


def test_the_threshold_lies_amid_the_gap_between_same_and_different() -> None:
    found = suggest([0.1, 0.2], [0.6, 0.9])
    assert found is not None
    assert found.threshold == pytest.approx(0.4)
    assert (found.missed, found.admitted, found.is_calibrated) == (0, 0, False)


def test_it_is_calibrated_only_by_many_decisions_of_both_kinds() -> None:
    enough, few = suggest([0.1] * FEW, [0.9] * FEW), suggest([0.1] * FEW, [0.9])
    assert enough is not None
    assert few is not None
    assert (enough.is_calibrated, few.is_calibrated) == (True, False)


def test_nothing_is_suggested_from_decisions_of_one_kind() -> None:
    assert suggest([], [0.4]) is None
    assert suggest([0.4], []) is None
