"""The same footage is found again and placed; another day at the same place is not the same."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from passers import Street

from footage.alignment import Marks, Overlap, align, marks_of, proposals
from footage.fingerprint import STEP_MS, Glimpses, changes

TOLERANCE_MS = 150
DAY = Street(seed=1, seconds=240)


def compared(a: Glimpses, b: Glimpses) -> Overlap | None:
    return align(a, b, proposals(marks_of(changes(a)), marks_of(changes(b))))


@cache
def whole_day() -> Glimpses:
    return DAY.glimpses(0, 120)


def slices(street: Street, seconds: int) -> list[Glimpses]:
    """A recording cut into pieces that have nothing in common."""
    whole = street.glimpses(0, street.seconds)
    edges = range(0, round(street.seconds * 1000), seconds * 1000)
    pieces = [whole.between(edge, edge + seconds * 1000) for edge in edges]
    return [
        Glimpses(piece.times_ms - edge, piece.pictures)
        for edge, piece in zip(edges, pieces, strict=True)
    ]


@settings(max_examples=15)
@given(st.integers(0, 60_000), st.integers(50, 58))
def test_a_trimmed_export_is_placed_wherever_it_was_cut(begin_ms: int, seconds: int) -> None:
    begin = begin_ms / 1000
    found = compared(whole_day(), DAY.glimpses(begin, begin + seconds))
    assert found is not None
    assert abs(found.offset_ms - begin_ms) <= TOLERANCE_MS
    assert begin_ms - 3000 <= found.start_ms < found.end_ms <= begin_ms + seconds * 1000 + 3000
    assert found.agreement > 0.8


def test_recordings_that_overlap_are_placed_before_and_after_each_other() -> None:
    early, late = DAY.glimpses(0, 100), DAY.glimpses(40.3, 140.3)
    first, second = compared(early, late), compared(late, early)
    assert first is not None and second is not None
    assert abs(first.offset_ms - 40_300) <= TOLERANCE_MS
    assert abs(second.offset_ms + 40_300) <= TOLERANCE_MS
    assert second.start_ms <= 3000


def test_it_does_not_matter_how_often_pictures_were_taken() -> None:
    found = compared(whole_day(), DAY.glimpses(20, 90, every=0.32))
    assert found is not None
    assert abs(found.offset_ms - 20_000) <= TOLERANCE_MS


@pytest.mark.parametrize("a_minute", [3, 12, 40])
def test_other_days_at_the_same_place_are_not_linked(a_minute: float) -> None:
    pieces = slices(Street(seed=5, seconds=600, a_minute=a_minute), 60)
    pairs = [(a, b) for a in range(len(pieces)) for b in range(a)]
    assert [(a, b) for a, b in pairs if compared(pieces[a], pieces[b])] == []


def test_an_empty_scene_is_not_even_linked_with_itself() -> None:
    one, other = Street(1, 120, a_minute=0, noise=5), Street(2, 120, a_minute=0, noise=5)
    assert compared(one.glimpses(0, 120), other.glimpses(0, 120)) is None
    assert compared(one.glimpses(0, 120), one.glimpses(0, 120)) is None


def test_one_person_passing_is_too_little() -> None:
    """Somebody else may walk there in the same way tomorrow."""
    days = [Street(seed, 60, a_minute=1).glimpses(0, 60) for seed in (1, 1)]
    assert compared(*days) is None


def test_what_repeats_itself_cannot_be_placed() -> None:
    lamp = [_lit(k * 0.5 % 6 < 3) for k in range(240)]
    blinking = Glimpses(np.arange(240) * STEP_MS, np.array(lamp))
    assert compared(blinking, blinking) is None


def test_recordings_without_a_moment_have_no_proposals() -> None:
    nothing = Marks.joined([])
    some = marks_of(changes(whole_day()))
    assert proposals(nothing, some) == proposals(some, nothing) == []
    assert align(whole_day(), whole_day(), []) is None


@given(st.lists(st.tuples(st.integers(0, 2**40), st.integers(0, 2**64 - 1))))
def test_marks_can_be_read_again(marks: list[tuple[int, int]]) -> None:
    steps = np.array([step for step, _ in marks], np.int64)
    kept = Marks(steps, np.array([bits for _, bits in marks], np.uint64))
    again = Marks.unpack(kept.pack())
    assert np.array_equal(again.steps, kept.steps) and np.array_equal(again.bits, kept.bits)


def _lit(on: bool) -> NDArray[np.uint8]:
    picture = np.full((16, 16), 100, np.uint8)
    picture[3:6, 10:13] = 230 if on else 40
    return picture
