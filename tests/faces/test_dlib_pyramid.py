"""The sheet of dlib's pyramid: pure arithmetic."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as some

from faces.engines.dlib_pyramid import Sheet, boxes, lay_out, suppress
from faces.engines.dlib_weights import Overlap

LIMITS = Overlap(of_hull=0.338, of_either=1.0)


@given(height=some.integers(1, 600), width=some.integers(1, 600))
def test_every_size_has_its_own_place_on_the_sheet(height: int, width: int) -> None:
    sheet = lay_out(height, width)
    taken = np.zeros((sheet.height, sheet.width), dtype=int)
    for left, top, level_width, level_height in sheet.levels:
        place = taken[top : top + level_height, left : left + level_width]
        assert place.shape == (level_height, level_width)
        place += 1
    assert taken.max() == 1


def test_the_sheet_of_a_common_picture_is_dlibs() -> None:
    sheet = lay_out(360, 640)
    assert (sheet.height, sheet.width, len(sheet.levels)) == (1353, 662, 22)
    assert sheet.levels[1] == (11, 381, 533, 300)


def test_a_score_on_the_largest_size_is_a_window_of_80_px() -> None:
    box = boxes(lay_out(360, 640), np.array([20]), np.array([30]))
    assert box.tolist() == [[30 * 8 + 14 - 11 - 39, 20 * 8 + 14 - 11 - 39, 80, 80]]


def test_a_score_on_a_smaller_size_is_a_larger_window() -> None:
    sheet = lay_out(360, 640)
    left, top, *_ = sheet.levels[3]
    row, column = (top + 60) // 8, (left + 60) // 8
    _, _, width, height = boxes(sheet, np.array([row]), np.array([column]))[0]
    assert 80 * 1.2**3 - 2 < width < 80 * 1.2**3 + 2
    assert abs(width - height) <= 1


def test_of_boxes_on_one_face_the_best_stays() -> None:
    found = np.array([(0, 0, 80, 80), (8, 0, 80, 80), (200, 0, 80, 80), (0, 8, 80, 80)], float)
    assert suppress(found, LIMITS) == [0, 2]


def test_boxes_that_share_little_all_stay() -> None:
    found = np.array([(0, 0, 80, 80), (70, 0, 80, 80)], float)
    assert suppress(found, LIMITS) == [0, 1]


def test_a_box_covered_more_than_the_limit_goes() -> None:
    found = np.array([(0, 0, 80, 80), (20, 20, 20, 20)], float)
    assert suppress(found, LIMITS) == [0, 1]
    assert suppress(found, Overlap(of_hull=0.338, of_either=0.9)) == [0]


def test_no_scores_are_no_boxes() -> None:
    none = np.array([], dtype=np.intp)
    found = boxes(Sheet(102, 102, ((11, 11, 80, 80),)), none, none)
    assert found.shape == (0, 4)
    assert suppress(found, LIMITS) == []
