import numpy as np
from numpy.typing import NDArray

from faces.face import Box
from faces.following import Spotted, follow, hide, others


def face(x: float, who: int = 0) -> Spotted:
    """A face of 100 px at a place; equal numbers are one person."""
    return Spotted(Box(x, 50, 100, 100), np.eye(4, dtype=np.float32)[who])


def followed(*looks: list[Spotted], begin: int = 0, x: float = 0) -> list[int | None]:
    box = Box(x, 50, 100, 100)
    return follow(looks, begin=begin, box=box, kind="euclidean_l2", threshold=0.4)


def noise() -> NDArray[np.uint8]:
    return np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)


def test_a_face_that_moves_a_little_is_followed_both_ways() -> None:
    looks = [[face(300, 1), face(0)], [face(20)], [face(40), face(300, 1)]]
    assert followed(*looks, begin=1, x=20) == [1, 0, 0]


def test_a_face_that_jumps_is_found_by_its_looks() -> None:
    assert followed([face(0)], [], [face(300, 1), face(200)]) == [0, None, 1]


def test_of_two_in_one_place_the_one_that_looks_alike_is_followed() -> None:
    assert followed([face(0)], [face(10, 1), face(15)]) == [0, 1]


def test_where_it_is_not_sure_none_is_followed() -> None:
    assert followed([face(0)], [face(10, 1), face(15, 2)]) == [0, None]
    assert followed([face(200)], [face(0)]) == [None, None]


def test_a_stranger_who_is_missed_once_stays_hidden() -> None:
    looks = [[face(0), face(200, 1)], [face(0)], [face(0)]]
    hidden = others(looks, followed(*looks))
    assert [len(boxes) for boxes in hidden] == [1, 1, 0]


def test_all_are_hidden_where_none_is_followed() -> None:
    looks = [[face(0), face(200)]]
    assert len(others(looks, [None])[0]) == 2


def test_a_hidden_face_has_a_few_blocks_left_and_the_rest_is_untouched() -> None:
    image = noise()
    shown = hide(image, [Box(100, 50, 100, 100)])
    inside = shown[20:180, 70:230].reshape(-1, 3)
    assert len(np.unique(inside, axis=0)) <= 36
    assert np.array_equal(shown[:, :60], image[:, :60])
    assert not np.array_equal(shown, image)


def test_a_face_at_the_edge_or_outside_is_no_trouble() -> None:
    image = noise()
    for box in (Box(-50, -50, 100, 100), Box(300, 220, 100, 100), Box(900, 900, 10, 10)):
        assert hide(image, [box]).shape == image.shape
