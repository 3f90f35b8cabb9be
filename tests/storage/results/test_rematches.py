"""Differences between rematches are arithmetic on places."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from storage.results.candidates import Place
from storage.results.rematches import composed, differences

PLACES = st.builds(Place, st.integers(1, 3), st.sampled_from([0.1, 0.2, 0.3]), st.integers(1, 4))
STANDS = st.dictionaries(st.integers(1, 6), PLACES, max_size=6)


@given(STANDS, STANDS)
def test_a_difference_leads_from_what_was_to_what_is(
    before: dict[int, Place], after: dict[int, Place]
) -> None:
    changed = differences(before, after)
    assert all(one.before != one.after for one in changed)
    now = before | {one.appearance_id: one.after for one in changed if one.after}
    for one in changed:
        assert before.get(one.appearance_id) == one.before
        if one.after is None:
            del now[one.appearance_id]
    assert now == after


@given(st.lists(STANDS, min_size=1, max_size=5))
def test_the_differences_of_several_rematches_are_the_difference_of_the_ends(
    stands: list[dict[int, Place]],
) -> None:
    steps = [differences(a, b) for a, b in pairwise(stands)]
    assert composed(steps) == differences(stands[0], stands[-1])
