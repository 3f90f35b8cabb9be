"""Faces turned, mirrored or poorly marked land upright on a recogniser's template."""

import numpy as np
import pytest

from faces.engines.deepface_models import RECOGNISERS
from faces.engines.deepface_parts import ARCFACE_CROP, DLIB_CROP
from faces.engines.templates import ARCFACE, MIRRORED, complete, cut, template
from faces.face import Box

BOX = Box(100, 60, 120, 150)


def turned(degrees: float, scale: float = 2.0, centre: tuple[float, float] = (300, 260)):
    """The template's face, turned about its middle, somewhere in a larger picture."""
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return ((ARCFACE - 56) @ turn * scale + centre).astype(np.float32)


def painted(points: np.ndarray) -> np.ndarray:
    """A black picture with a soft spot at each landmark, each in its own brightness."""
    y, x = np.mgrid[0:520, 0:640]
    spots = [
        (120 + 30 * k) * np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * 4.0**2))
        for k, (px, py) in enumerate(points)
    ]
    return np.repeat(np.sum(spots, axis=0).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def spots_near(chip: np.ndarray, goals: np.ndarray, reach: int = 7) -> np.ndarray:
    """Centre of brightness around each goal, in pixels."""
    y, x = np.mgrid[0 : chip.shape[0], 0 : chip.shape[1]]
    found = []
    for px, py in goals:
        light = chip[..., 0] * ((abs(x - px) <= reach) & (abs(y - py) <= reach)).astype(float)
        found.append(((x * light).sum() / light.sum(), (y * light).sum() / light.sum()))
    return np.array(found)


@pytest.mark.parametrize("degrees", [0, 30, -75, 180])
@pytest.mark.parametrize("scale", [0.8, 1.5, 3.4])
def test_a_turned_face_lands_upright_within_a_pixel(degrees: float, scale: float) -> None:
    points = turned(degrees, scale)
    (chip,) = cut(painted(points), [complete(points, BOX)], ARCFACE_CROP, 112)
    assert np.abs(spots_near(chip, ARCFACE) - ARCFACE).max() < 1


def test_a_detector_that_swaps_left_and_right_gives_the_same_chip() -> None:
    points = turned(140)
    assert np.array_equal(complete(points[MIRRORED], BOX), points)


def test_swapped_eyes_without_a_mouth_are_put_in_the_viewers_order() -> None:
    points = turned(10)
    eyes = np.full((5, 2), np.nan, np.float32)
    eyes[[1, 0]] = points[:2]
    assert np.allclose(complete(eyes, BOX), points, atol=1e-2)


def test_aligning_by_the_eyes_puts_the_eyes_on_the_template() -> None:
    points = turned(-20)
    eyes = np.where(np.arange(5)[:, None] < 2, points, np.nan).astype(np.float32)
    (chip,) = cut(painted(points), [complete(eyes, BOX)], DLIB_CROP, 150)
    goal = template(DLIB_CROP, 150)[:2]
    assert np.abs(spots_near(chip, goal) - goal).max() < 1


def test_a_box_alone_gives_an_upright_square_with_a_margin() -> None:
    picture = np.zeros((400, 400, 3), np.uint8)
    picture[60:210, 100:220] = 255
    unknown = complete(np.full((5, 2), np.nan, np.float32), BOX)
    (chip,) = cut(picture, [unknown], ARCFACE_CROP, 112)
    rows, columns = np.nonzero(chip[..., 0] > 128)
    assert rows.min() > 5 and columns.min() > 5 and columns.max() < 107
    assert np.ptp(rows) / np.ptp(columns) == pytest.approx(150 / 120, abs=0.1)
    assert columns.mean() == pytest.approx(56, abs=1.5)


def test_arcfaces_template_is_the_published_one() -> None:
    assert np.abs(template(ARCFACE_CROP, 112) - ARCFACE).max() < 0.01


@pytest.mark.parametrize("name", RECOGNISERS)
def test_every_template_is_upright_and_inside_its_chip(name: str) -> None:
    recogniser = RECOGNISERS[name]
    points = template(recogniser.crop, recogniser.side)
    assert points.min() > 0 and points.max() < recogniser.side
    assert points[0, 0] < points[2, 0] < points[1, 0]
    assert points[:2, 1].max() < points[2, 1] < points[3:, 1].min()


def test_no_faces_make_no_chips() -> None:
    assert cut(painted(turned(0)), [], ARCFACE_CROP, 112).shape == (0, 112, 112, 3)


def test_landmarks_fallen_into_one_point_do_no_harm() -> None:
    (chip,) = cut(painted(turned(0)), [np.full((5, 2), 9, np.float32)], ARCFACE_CROP, 112)
    assert chip.shape == (112, 112, 3)
