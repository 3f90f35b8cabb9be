import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageFilter

from demo.portraits import portrait
from faces.face import EYE_CORNERS_NOSE, EYES_NOSE_MOUTH, Box, Face, Image, Landmarks
from faces.quality import assess

FRONTAL = np.array([[30, 40], [70, 40], [50, 62], [35, 85], [65, 85]], np.float32)
LOOKING_AT_US = Landmarks(EYES_NOSE_MOUTH, FRONTAL)
DLIBS = Landmarks(
    EYE_CORNERS_NOSE, np.array([[78, 40], [62, 41], [22, 40], [38, 41], [50, 66]], np.float32)
)
CHIP = np.asarray(Pictures.fromarray(portrait("grace_hopper")[110:330, 150:370]).resize((150, 150)))


def face(landmarks: Landmarks = LOOKING_AT_US, side: float = 100) -> Face:
    return Face(Box(0, 0, side, side * 1.2), landmarks, 1.0)


def blurred(chip: Image, radius: float) -> Image:
    return np.asarray(Pictures.fromarray(chip).filter(ImageFilter.GaussianBlur(radius)))


def turned(degrees: float) -> Landmarks:
    """The landmarks of a head turned aside; the nose stands 0.35 eye distances before the eyes."""
    depth = np.array([0, 0, 14, 4, 4])
    angle = np.radians(degrees)
    x = (FRONTAL[:, 0] - 50) * np.cos(angle) + depth * np.sin(angle)
    points = np.column_stack([50 + x, FRONTAL[:, 1]])
    return Landmarks(EYES_NOSE_MOUTH, points.astype(np.float32))


def test_size_is_the_shorter_side_of_the_box() -> None:
    assert assess(CHIP, face(side=80)).size_px == 80


def test_more_blur_is_less_sharp() -> None:
    values = [assess(blurred(CHIP, radius), face()).sharpness for radius in (0, 1, 2, 4, 8)]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.8 > 0.3 > values[-1]


@pytest.mark.parametrize(("gain", "offset"), [(0.5, 0), (0.5, 100), (0.25, 10)])
def test_sharpness_does_not_depend_on_brightness_or_contrast(gain: float, offset: float) -> None:
    other = (CHIP * gain + offset).astype(np.uint8)
    assert assess(other, face()).sharpness == pytest.approx(
        assess(CHIP, face()).sharpness, abs=0.01
    )


@pytest.mark.parametrize("side", [112, 160, 224])
def test_sharpness_does_not_depend_on_the_size_of_the_chip(side: int) -> None:
    other = np.asarray(Pictures.fromarray(CHIP).resize((side, side)))
    assert assess(other, face()).sharpness == pytest.approx(
        assess(CHIP, face()).sharpness, abs=0.03
    )


def test_noise_does_not_make_a_blurred_face_sharp() -> None:
    rng = np.random.default_rng(0)
    blurry = blurred(CHIP, 4)
    noisy = np.clip(blurry + rng.normal(0, 10, blurry.shape), 0, 255).astype(np.uint8)
    assert assess(noisy, face()).sharpness < assess(blurred(CHIP, 2), face()).sharpness


@pytest.mark.parametrize("landmarks", [LOOKING_AT_US, DLIBS], ids=["common", "dlib"])
def test_a_face_that_looks_at_the_camera_is_frontal_by_either_kind_of_landmarks(
    landmarks: Landmarks,
) -> None:
    assert assess(CHIP, face(landmarks)).frontality == pytest.approx(1)


def test_a_head_turned_further_aside_is_less_frontal() -> None:
    values = [assess(CHIP, face(turned(degrees))).frontality for degrees in (0, 15, 30, 45, 60, 80)]
    assert values == sorted(values, reverse=True)
    assert values[0] == pytest.approx(1)
    assert values[-2:] == [0, 0]


@given(st.floats(-180, 180), st.floats(0.2, 8), st.sampled_from([LOOKING_AT_US, DLIBS]))
def test_frontality_does_not_depend_on_roll_or_scale(
    registry: float, scale: float, landmarks: Landmarks
) -> None:
    angle = np.radians(registry)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (scale * landmarks.points @ rotation.T + 500).astype(np.float32)
    moved = Landmarks(landmarks.names, points)
    assert assess(CHIP, face(moved)).frontality == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("broken", [np.zeros((5, 2)), np.full((5, 2), np.nan)], ids=["one", "none"])
def test_landmarks_that_cannot_be_a_face_are_not_frontal(broken: np.ndarray) -> None:
    quality = assess(CHIP, face(Landmarks(EYES_NOSE_MOUTH, broken.astype(np.float32))))
    assert (quality.frontality, quality.value) == (0, 0)


def test_a_chip_of_one_colour_is_not_sharp() -> None:
    assert assess(np.full((150, 150, 3), 90, np.uint8), face()).sharpness == 0


@given(
    st.integers(0, 2**32 - 1), st.floats(0, 1000), st.sampled_from([(150, 150, 3), (112, 112, 3)])
)
def test_every_part_but_the_size_is_between_0_and_1(
    seed: int, side: float, shape: tuple[int, int, int]
) -> None:
    rng = np.random.default_rng(seed)
    chip = rng.integers(0, 256, shape, dtype=np.uint8)
    points = Landmarks(EYES_NOSE_MOUTH, rng.normal(size=(5, 2)).astype(np.float32))
    quality = assess(chip, face(points, side))
    assert all(0 <= part <= 1 for part in (quality.sharpness, quality.frontality, quality.value))
