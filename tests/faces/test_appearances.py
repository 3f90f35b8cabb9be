from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from faces.appearances import Appearance, Observation, Part, join, link
from faces.crop import Crop
from faces.face import EYES_NOSE_MOUTH, Box, Face, Landmarks
from faces.quality import Quality
from faces.vectors import pool

SAME = 0.4
EVERYTHING = 1000
ADA, BOB, CAT, DAN = range(4)


def direction(person: int, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A raw vector: persons are at right angles, `noise` is the distance from the person's own."""
    rng = np.random.default_rng(seed)
    aside = rng.normal(size=8)
    aside[person] = 0
    aside *= np.tan(2 * np.arcsin(noise / 2)) / np.linalg.norm(aside)
    aside[person] = 1
    return (aside * rng.uniform(0.5, 2)).astype(np.float32)


def observation(
    time_ms: int, x: float, vector: np.ndarray, value: float = 0.8, tag: int = 0, side: float = 100
) -> Observation:
    face = Face(
        Box(x, 50, side, side), Landmarks(EYES_NOSE_MOUTH, np.zeros((5, 2), np.float32)), 1.0
    )
    crop = Crop(np.full((2, 2, 3), tag, np.uint8))
    return Observation(time_ms, face, Quality(side, value, 1.0, value), vector, crop)


def linked(
    frames: Sequence[Sequence[Observation]], max_gap_seconds: float = 1.6, best: int = EVERYTHING
) -> list[Appearance]:
    return link(frames, max_gap_seconds=max_gap_seconds, best_faces=best, same_face_distance=SAME)


def tags(appearance: Appearance) -> frozenset[int]:
    return frozenset(int(crop.image[0, 0, 0]) for crop in appearance.crops)


def test_a_face_that_moves_three_widths_between_looks_stays_one_appearance() -> None:
    frames = [[observation(500 * k, 300 * k, direction(ADA, 0.1, k))] for k in range(5)]
    (one,) = linked(frames)
    assert (one.start_ms, one.end_ms, one.observations) == (0, 2000, 5)


def test_two_people_who_cross_are_not_swapped() -> None:
    frames = [
        [
            observation(500 * k, 100 * k, direction(ADA, 0.2, k), tag=10 + k),
            observation(500 * k, 400 - 100 * k, direction(BOB, 0.2, k), tag=20 + k),
        ]
        for k in range(5)
    ]
    assert {tags(one) for one in linked(frames)} == {
        frozenset(range(10, 15)),
        frozenset(range(20, 25)),
    }


def test_two_people_who_look_alike_are_told_apart_by_their_places() -> None:
    frames = [
        [
            observation(500 * k, 10.0 * k, direction(ADA), tag=10 + k),
            observation(500 * k, 300 - 10.0 * k, direction(ADA), tag=20 + k),
        ]
        for k in range(5)
    ]
    assert {tags(one) for one in linked(frames)} == {
        frozenset(range(10, 15)),
        frozenset(range(20, 25)),
    }


def test_a_pause_as_long_as_allowed_does_not_end_an_appearance() -> None:
    frames = [[observation(0, 0, direction(ADA))], [observation(1600, 0, direction(ADA))]]
    assert len(linked(frames)) == 1


def test_who_leaves_for_longer_returns_as_a_new_appearance() -> None:
    frames = [[observation(0, 0, direction(ADA))], [], [observation(1601, 0, direction(ADA))]]
    assert [(one.start_ms, one.end_ms) for one in linked(frames)] == [(0, 0), (1601, 1601)]


def test_a_cut_to_another_person_at_the_same_place_begins_a_new_appearance() -> None:
    frames = [[observation(500 * k, 0, direction(ADA if k < 3 else BOB))] for k in range(6)]
    assert [(one.start_ms, one.end_ms) for one in linked(frames)] == [(0, 1000), (1500, 2500)]


def test_a_cut_to_a_person_just_beyond_the_limit_is_seen_when_both_faces_are_clear() -> None:
    other = direction(ADA, SAME * 1.1)
    frames = [[observation(0, 0, direction(ADA))], [observation(500, 0, other)]]
    assert len(linked(frames)) == 2


def test_a_blurred_frame_of_a_face_that_has_not_moved_stays() -> None:
    blurred = observation(500, 10, direction(ADA, SAME * 1.2), value=0.3)
    frames = [
        [observation(0, 0, direction(ADA))],
        [blurred],
        [observation(1000, 5, direction(ADA))],
    ]
    assert [one.observations for one in linked(frames)] == [3]


def test_an_appearance_may_begin_with_its_blurred_frame() -> None:
    blurred = observation(0, 10, direction(ADA, SAME * 1.2), value=0.3)
    clear = [[observation(500 * k, 0, direction(ADA, 0.05, k))] for k in range(1, 4)]
    assert [one.observations for one in linked([[blurred], *clear])] == [4]


def test_a_blurred_face_elsewhere_with_an_off_embedding_is_not_vouched_for() -> None:
    blurred = observation(500, 300, direction(ADA, SAME * 1.2), value=0.3)
    assert len(linked([[observation(0, 0, direction(ADA))], [blurred]])) == 2


def test_a_blurred_frame_does_not_lead_on_to_another_person() -> None:
    between = direction(ADA) + direction(BOB)
    blurred = observation(500, 0, between, value=0.1)
    near_blurred = observation(1000, 0, direction(ADA) + 1.2 * direction(BOB), value=0.8)
    frames = [
        [observation(0, 0, direction(ADA) + 0.35 * direction(BOB))],
        [blurred],
        [near_blurred],
    ]
    assert [one.observations for one in linked(frames)] == [2, 1]


def test_a_false_alarm_of_one_frame_stays_an_appearance_of_one_observation() -> None:
    frames = [[observation(500 * k, 0, direction(ADA))] for k in range(3)]
    frames[1].append(observation(500, 600, direction(DAN)))
    assert sorted(one.observations for one in linked(frames)) == [1, 3]


def test_only_the_best_faces_are_kept_and_the_best_comes_first() -> None:
    values = [0.2, 0.9, 0.5, 0.7]
    frames = [
        [observation(500 * k, 0, direction(ADA), value=value, tag=k)]
        for k, value in enumerate(values)
    ]
    (one,) = linked(frames, best=2)
    assert [int(crop.image[0, 0, 0]) for crop in one.crops] == [1, 3]
    assert (one.best_ms, one.quality, one.observations) == (500, 0.9, 4)


def test_the_pooled_vector_has_unit_length_and_leans_to_the_better_face() -> None:
    good, poor = direction(ADA, 0.15, 1), direction(ADA, 0.15, 2)
    frames = [[observation(0, 0, good, value=0.9)], [observation(500, 0, poor, value=0.1)]]
    (one,) = linked(frames)
    assert np.linalg.norm(one.vector) == pytest.approx(1, abs=1e-6)
    assert one.vector @ good / np.linalg.norm(good) > one.vector @ poor / np.linalg.norm(poor)


def test_frames_are_consumed_one_at_a_time_and_crops_let_go() -> None:
    """A generator that counts the crops alive: no more than are kept, plus the frame at hand."""
    alive: set[int] = set()

    class Counted(np.ndarray):
        def __del__(self) -> None:
            alive.discard(id(self))

    def frames() -> Iterator[list[Observation]]:
        for k in range(50):
            one = observation(500 * k, 0, direction(ADA), value=0.5 + k / 200)
            crop = np.zeros((2, 2, 3), np.uint8).view(Counted)
            alive.add(id(crop))
            assert len(alive) <= 3 + 2
            yield [Observation(one.time_ms, one.face, one.quality, one.vector, Crop(crop))]
            del crop, one

    (one,) = link(frames(), max_gap_seconds=1, best_faces=3, same_face_distance=SAME)
    assert one.observations == 50


def part(segment: int, start_ms: int, end_ms: int, vector: np.ndarray, x: float = 0) -> Part:
    return Part(segment, start_ms, end_ms, Box(x, 50, 100, 100), 0.8, vector)


def joined(parts: Sequence[Part]) -> list[list[int]]:
    return join(parts, max_gap_seconds=1.6, same_face_distance=SAME)


def test_parts_on_both_sides_of_a_border_are_joined_when_they_look_alike() -> None:
    parts = [
        part(0, 0, 59_500, direction(ADA)),
        part(0, 30_000, 59_500, direction(BOB), x=300),
        part(1, 60_000, 80_000, direction(BOB), x=300),
        part(1, 60_500, 62_000, direction(ADA)),
    ]
    assert joined(parts) == [[0, 3], [1, 2]]


def test_parts_are_joined_over_several_borders() -> None:
    parts = [part(k, 60_000 * k, 60_000 * k + 59_500, direction(ADA, 0.1, k)) for k in range(4)]
    assert joined(parts) == [[0, 1, 2, 3]]


def test_parts_far_from_the_border_are_not_joined() -> None:
    parts = [part(0, 0, 50_000, direction(ADA)), part(1, 60_000, 61_000, direction(ADA))]
    assert joined(parts) == [[0], [1]]


def test_parts_of_one_segment_are_never_joined() -> None:
    parts = [part(0, 0, 1000, direction(ADA)), part(0, 1500, 2000, direction(ADA))]
    assert joined(parts) == [[0], [1]]


def test_nothing_to_join_is_no_group() -> None:
    assert joined([]) == []


class World(NamedTuple):
    frames: list[list[Observation]]
    truth: set[frozenset[int]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to four people who come, go and jump about, and which observations belong together."""
    present = draw(st.lists(st.sets(st.integers(ADA, DAN)), min_size=1, max_size=24))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    frames: list[list[Observation]] = []
    runs: dict[int, list[tuple[int, list[int]]]] = {}
    tag = 0
    for k, people in enumerate(present):
        frames.append([])
        for person in people:
            vector = direction(person, rng.uniform(0, 0.15), int(rng.integers(2**32)))
            place = float(rng.uniform(0, 1800))
            frames[-1].append(observation(500 * k, place, vector, rng.uniform(0.1, 1), tag))
            own = runs.setdefault(person, [])
            if not own or 500 * k - own[-1][0] > 1600:
                own.append((0, []))
            own[-1] = (500 * k, [*own[-1][1], tag])
            tag += 1
    return World(frames, {frozenset(members) for own in runs.values() for _, members in own})


@given(worlds())
def test_people_who_look_different_are_linked_exactly(world: World) -> None:
    assert {tags(one) for one in linked(world.frames)} == world.truth


@given(worlds(), st.data())
def test_a_split_anywhere_joins_to_what_linking_the_whole_gives(
    world: World, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(0, len(world.frames)), max_size=3)))
    segments = np.split(np.arange(len(world.frames)), cuts)
    seen = [
        (index, one)
        for index, segment in enumerate(segments)
        for one in linked([world.frames[k] for k in segment])
    ]
    parts = [
        Part(index, one.start_ms, one.end_ms, one.box, one.quality, one.vector)
        for index, one in seen
    ]
    groups = [frozenset[int]().union(*(tags(seen[k][1]) for k in group)) for group in joined(parts)]
    assert set(groups) == world.truth
    assert len(groups) == len(world.truth)


@st.composite
def crowds(draw: st.DrawFn) -> list[list[Observation]]:
    """Faces anywhere that look like anything, so that no grouping is the right one."""
    counts = draw(st.lists(st.integers(0, 5), min_size=1, max_size=12))
    steps = draw(st.lists(st.integers(1, 2000), min_size=len(counts), max_size=len(counts)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    tag = iter(range(100))
    return [
        [
            observation(
                int(time_ms),
                float(rng.uniform(0, 300)),
                rng.normal(size=2).astype(np.float32),
                rng.uniform(),
                next(tag),
            )
            for _ in range(count)
        ]
        for count, time_ms in zip(counts, np.cumsum(steps), strict=True)
    ]


@given(crowds())
def test_every_observation_belongs_to_exactly_one_appearance(
    frames: list[list[Observation]],
) -> None:
    appearances = linked(frames)
    together = sorted(tag for one in appearances for tag in tags(one))
    assert together == list(range(sum(map(len, frames))))
    assert all(one.observations == len(one.crops) for one in appearances)


@given(crowds())
def test_times_are_in_order_and_no_pause_is_longer_than_allowed(
    frames: list[list[Observation]],
) -> None:
    time_of = {int(one.crop.image[0, 0, 0]): one.time_ms for frame in frames for one in frame}  # type: ignore[union-attr]
    appearances = linked(frames)
    assert [one.start_ms for one in appearances] == sorted(one.start_ms for one in appearances)
    for one in appearances:
        times = sorted(time_of[tag] for tag in tags(one))
        assert (times[0], times[-1]) == (one.start_ms, one.end_ms)
        assert one.best_ms in times
        assert all(0 < pause <= 1600 for pause in np.diff(times))


@given(crowds(), st.randoms(use_true_random=False))
def test_the_order_of_the_observations_in_a_frame_does_not_matter(
    frames: list[list[Observation]], random: Random
) -> None:
    shuffled = [random.sample(frame, len(frame)) for frame in frames]
    assert [tags(one) for one in linked(shuffled)] == [tags(one) for one in linked(frames)]


def test_pooling_vectors_of_no_weight_gives_their_mean() -> None:
    pooled = pool(np.eye(2, dtype=np.float32), np.zeros(2))
    assert pooled == pytest.approx(np.full(2, 0.5**0.5))
