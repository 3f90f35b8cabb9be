"""A fingerprint tells what changes in footage, and nothing where nothing does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from passers import Street
from PIL import Image

from footage.fingerprint import SIDE, STEP_MS, Glimpses, changes, glimpse

pictures = arrays.arrays(np.uint8, st.tuples(st.integers(0, 12), st.just(SIDE), st.just(SIDE)))


def still(count: int, *, noise: float = 0, light: NDArray[np.float64] | None = None) -> Glimpses:
    """One picture seen again and again."""
    rng = np.random.default_rng(1)
    scene = rng.uniform(60, 190, (240, 320, 1))
    lit = np.zeros(count) if light is None else light
    seen = [
        np.clip(scene + lit[k] + rng.normal(0, noise, (240, 320, 3)), 0, 255).astype(np.uint8)
        for k in range(count)
    ]
    return Glimpses.of([(k * STEP_MS, glimpse(one)) for k, one in enumerate(seen)])


@given(pictures, st.data())
def test_what_is_kept_can_be_read_again(seen: NDArray[np.uint8], data: st.DataObject) -> None:
    ascending = st.lists(st.integers(0, 10**9), min_size=len(seen), max_size=len(seen))
    times_ms = np.sort(np.array(data.draw(ascending), np.int64))
    again = Glimpses.unpack(Glimpses(times_ms, seen).pack())
    assert np.array_equal(again.times_ms, times_ms)
    assert np.array_equal(again.pictures, seen)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (90, 160), (17, 16), (1, 1)])
def test_a_glimpse_is_the_same_at_any_size(size: tuple[int, int]) -> None:
    ramp = np.linspace(0, 255, 320, dtype=np.float32)[None, :].repeat(180, axis=0)
    image = Image.fromarray(ramp.astype(np.uint8)).convert("RGB")
    small = glimpse(np.asarray(image.resize(size, Image.Resampling.BOX)))
    assert small.shape == (SIDE, SIDE)
    if min(size) > SIDE:
        assert np.abs(small.astype(int) - glimpse(np.asarray(image))).max() <= 4


@pytest.mark.parametrize("noise", [0, 3, 12])
def test_a_scene_in_which_nothing_happens_tells_nothing(noise: float) -> None:
    assert not changes(still(60, noise=noise)).telling.any()


def test_light_that_is_switched_tells_nothing() -> None:
    flicker = np.random.default_rng(2).uniform(-30, 30, 60)
    assert not changes(still(60, light=flicker)).telling.any()


def test_what_moves_tells_something_and_more_footage_tells_more() -> None:
    street = Street(seed=1, seconds=60)
    assert changes(street.glimpses(0, 60)).telling.sum() > 60
    assert changes(street.glimpses(0, 30)).telling.sum() > 20


def test_nothing_is_told_across_a_gap() -> None:
    before, after = Street(1, 60).glimpses(0, 10), Street(2, 60).glimpses(0, 10)
    gap = Glimpses.joined([before, Glimpses(after.times_ms + 60_000, after.pictures)])
    found = changes(gap)
    steps = found.first_step + np.flatnonzero(found.known)
    assert not ((steps * STEP_MS > 10_000) & (steps * STEP_MS < 60_000)).any()


@given(st.integers(0, 3), st.integers(-2_000, 2_000))
def test_hardly_any_pictures_are_no_error(count: int, shift_ms: int) -> None:
    found = changes(still(3).between(0, count * STEP_MS), shift_ms=shift_ms)
    assert len(found.known) == len(found.marks) == len(found.directions)


def test_long_footage_is_told_in_pieces_that_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    glimpses = Street(seed=1, seconds=40).glimpses(0, 40)
    whole = changes(glimpses)
    monkeypatch.setattr("footage.fingerprint._STEPS_AT_ONCE", 7)
    assert np.array_equal(changes(glimpses).directions, whole.directions)
