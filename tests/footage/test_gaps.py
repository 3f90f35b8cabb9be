import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from footage.coverage import Hole, find_gaps
from footage.packets import Packet


def packets(*times: int, duration: int = 40, keyframes: int = 1) -> list[Packet]:
    return [
        Packet(time, time, duration, keyframe=index % keyframes == 0)
        for index, time in enumerate(times)
    ]


def gaps(
    holes: list[Hole], listed: list[Packet], *, keyframes_only: bool = False
) -> list[tuple[int, int]]:
    return find_gaps(holes, listed, tolerance=100, keyframes_only=keyframes_only)


def test_packets_that_gave_no_frame_are_a_gap() -> None:
    assert gaps([Hole(0, 400)], packets(*range(0, 440, 40))) == [(40, 400)]


def test_a_pause_that_the_container_tells_of_is_no_gap() -> None:
    assert gaps([Hole(0, 5000)], packets(0, 5000, duration=5000)) == []


def test_a_pause_told_in_the_order_of_decoding_is_no_gap() -> None:
    reordered = [
        Packet(0, -80, 40, keyframe=True),
        Packet(5080, -40, 40, keyframe=False),
        Packet(40, 0, 5000, keyframe=False),
        Packet(5040, 5000, 40, keyframe=False),
    ]

    assert gaps([Hole(40, 5040)], reordered) == []


def test_a_stretch_without_packets_is_a_gap_unless_nothing_came_before_it() -> None:
    assert gaps([Hole(40, 5000)], packets(0, 40, 5000)) == [(80, 5000)]
    assert gaps([Hole(-math.inf, 5000)], packets(5000, 5040)) == []


def test_a_beginning_that_cannot_be_decoded_is_a_gap_from_its_first_packet() -> None:
    assert gaps([Hole(-math.inf, 400)], packets(80, 0, 40, 120, 400)) == [(0, 400)]


def test_an_end_that_cannot_be_decoded_is_a_gap_to_its_last_packet() -> None:
    assert gaps([Hole(0, math.inf)], packets(0, 40, 80, 120)) == [(40, 160)]


def test_a_short_loss_is_tolerated() -> None:
    assert gaps([Hole(0, 120)], packets(0, 40, 80, 120)) == []


def test_packets_between_keyframes_are_not_missed_when_only_keyframes_are_decoded() -> None:
    listed = packets(*range(0, 1000, 40), keyframes=10)

    assert gaps([Hole(0, 400)], listed, keyframes_only=True) == []
    assert gaps([Hole(0, 800)], listed, keyframes_only=True) == [(400, 800)]


def test_an_interruption_between_keyframes_is_a_gap_all_the_same() -> None:
    listed = packets(0, 40, 80, 600, 640, keyframes=4)

    assert gaps([Hole(0, 600)], listed, keyframes_only=True) == [(120, 600)]


@given(
    st.sets(st.integers(0, 200), min_size=2).map(sorted),
    st.sets(st.integers(0, 200), min_size=2).map(sorted),
)
def test_gaps_lie_inside_holes_and_never_over_a_decoded_frame(
    decoded: list[int], listed: list[int]
) -> None:
    holes = [
        Hole(before * 40, after * 40) for before, after in pairwise(decoded) if after - before > 2
    ]
    if not holes:
        return

    for start, end in gaps(holes, packets(*(time * 40 for time in sorted({*listed, *decoded})))):
        assert any(hole.before < start < end == hole.after for hole in holes)
        assert not any(start <= time * 40 < end for time in decoded)
