from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footage.recording import Recording
from footage.segments import Segment, divide


def recording(duration_ms: int, keyframes: tuple[int, ...], start_us: int = 0) -> Recording:
    return Recording(
        path="/x.mp4",
        size_bytes=1,
        codec="h264",
        width=640,
        height=360,
        rotation=0,
        pixel_format="yuv420p",
        frame_rate=Fraction(25),
        time_base=Fraction(1, 12800),
        start_us=start_us,
        duration_claimed_ms=duration_ms,
        duration_ms=duration_ms,
        packets=100,
        keyframes=keyframes,
    )


def every(seconds: float, until_ms: int) -> tuple[int, ...]:
    step = int(seconds * 12800)
    return tuple(range(0, until_ms * 128 // 10, step))


def lengths(segments: list[Segment]) -> list[int]:
    return [segment.end_ms - segment.start_ms for segment in segments]


unhurried = settings(deadline=None)

recordings = st.builds(
    recording,
    st.integers(1, 10_000_000),
    st.lists(st.integers(-10_000, 200_000_000), max_size=60).map(tuple),
    st.integers(-3_000_000, 2_000_000_000),
)


@unhurried
@given(recordings, st.integers(1, 300))
def test_a_recording_is_covered_exactly_once_whatever_its_keyframes(
    footage: Recording, max_segment_seconds: int
) -> None:
    segments = divide(footage, max_segment_seconds)

    assert segments[0].start_ms == 0 and segments[-1].end_ms == footage.duration_ms
    assert segments[0].start_pts is None and segments[-1].end_pts is None
    assert all(length > 0 for length in lengths(segments))
    for left, right in pairwise(segments):
        assert (left.end_ms, left.end_pts) == (right.start_ms, right.start_pts)
    assert [segment.index for segment in segments] == list(range(len(segments)))


@unhurried
@given(recordings, st.integers(1, 300))
def test_segments_begin_at_keyframes(footage: Recording, max_segment_seconds: int) -> None:
    for segment in divide(footage, max_segment_seconds)[1:]:
        assert segment.start_pts in footage.keyframes
        assert footage.time_ms(segment.start_pts) == segment.start_ms


@unhurried
@given(recordings, st.integers(1, 300))
def test_a_segment_is_longer_than_allowed_only_where_no_keyframe_lies_inside(
    footage: Recording, max_segment_seconds: int
) -> None:
    for segment in divide(footage, max_segment_seconds):
        if segment.end_ms - segment.start_ms > max_segment_seconds * 1000:
            inside = [footage.time_ms(pts) for pts in footage.keyframes]
            assert not any(segment.start_ms < ms < segment.end_ms for ms in inside)


@unhurried
@given(st.integers(30_000, 20_000_000), st.floats(0.2, 12), st.integers(30, 120))
def test_only_the_last_segment_may_be_shorter_than_ten_seconds_with_regular_keyframes(
    duration_ms: int, spacing_seconds: float, max_segment_seconds: int
) -> None:
    footage = recording(duration_ms, every(spacing_seconds, duration_ms))

    assert all(length >= 10_000 for length in lengths(divide(footage, max_segment_seconds))[:-1])


def test_ten_minutes_make_at_least_sixteen_segments() -> None:
    assert len(divide(recording(600_000, every(2, 600_000)), 60)) >= 16


def test_an_hour_is_cut_at_the_longest_length_allowed() -> None:
    assert max(lengths(divide(recording(3_600_000, every(2, 3_600_000)), 60))) == 60_000


def test_a_short_recording_is_one_segment() -> None:
    assert len(divide(recording(9_000, every(1, 9_000)), 60)) == 1


@pytest.mark.parametrize("keyframes", [(), (0,)])
def test_a_recording_without_inner_keyframes_is_one_segment(keyframes: tuple[int, ...]) -> None:
    assert divide(recording(900_000, keyframes), 60) == [Segment(0, 0, 900_000, None, None)]
