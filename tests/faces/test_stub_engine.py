"""Engine `stub`: painted rectangles in, colours out."""

import subprocess
from colorsys import hsv_to_rgb
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from PIL import Image as Picture

from faces.engines.stub import StubEngine
from faces.face import Box, Image
from faces.geometry import iou

SIDE = 90


def ground(width: int = 640, height: int = 360) -> Image:
    noise = np.random.default_rng(2).normal(40, 4, (height, width, 3))
    return noise.clip(0, 255).astype(np.uint8)


def painted(places: dict[tuple[int, int], float], brightness: float = 0.85) -> Image:
    """Rectangles at (left, top), each of its own hue in degrees."""
    image = ground()
    for (left, top), hue in places.items():
        colour = np.array(hsv_to_rgb(hue / 360, 1, brightness)) * 255
        image[top : top + SIDE, left : left + SIDE] = colour
    return image


def vectors(engine: StubEngine, image: Image) -> np.ndarray:
    (faces,) = engine.detect([image])
    return engine.embed(engine.align(image, sorted(faces, key=lambda face: face.box.x)))


def compressed(image: Image, folder: Path) -> Image:
    """The last of five frames of H.264 of poor quality."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error"]
    still, film, frame = (str(folder / name) for name in ("still.png", "film.mp4", "frame.png"))
    Picture.fromarray(image).save(still)
    encoder = ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "32", "-pix_fmt", "yuv420p"]
    subprocess.run(
        [*ffmpeg, "-loop", "1", "-i", still, "-frames:v", "5", *encoder, film], check=True
    )
    subprocess.run([*ffmpeg, "-i", film, "-update", "1", frame], check=True)
    with Picture.open(frame) as picture:
        return np.asarray(picture.convert("RGB"))


def test_each_rectangle_is_a_face() -> None:
    image = painted({(30, 40): 0, (200, 40): 120, (100, 200): 240})
    (faces,) = StubEngine().detect([image])
    assert {face.box for face in faces} == {
        Box(30, 40, SIDE, SIDE),
        Box(200, 40, SIDE, SIDE),
        Box(100, 200, SIDE, SIDE),
    }


def test_a_picture_without_rectangles_holds_no_face() -> None:
    assert StubEngine().detect([ground(), ground(50, 50)]) == [[], []]


def test_small_rectangles_are_passed_over() -> None:
    assert StubEngine(min_face_px=120).detect([painted({(30, 40): 0})]) == [[]]


def test_the_same_colour_is_the_same_person_and_another_is_not() -> None:
    engine = StubEngine()
    places = {(10, 10): 0.0, (140, 10): 30.0, (270, 10): 120.0, (400, 10): 240.0}
    people = vectors(engine, painted(places))
    darker = vectors(engine, painted(places, brightness=0.6))
    apart = np.linalg.norm(people[:, None] - darker, axis=2)
    assert apart.diagonal().max() < 0.1
    assert (apart + 9 * np.eye(4)).min() > engine.card.threshold


def test_nearby_colours_are_near() -> None:
    engine = StubEngine()
    places = {(10, 10): 200.0, (140, 10): 205.0, (270, 10): 212.0, (400, 10): 235.0}
    people = vectors(engine, painted(places))
    away = np.linalg.norm(people[1:] - people[0], axis=1)
    assert away[0] < away[1] < engine.card.threshold < away[2]


def test_vectors_have_the_dimension_of_the_card_and_length_one() -> None:
    engine = StubEngine()
    (vector,) = vectors(engine, painted({(30, 40): 77}))
    assert vector.dtype == np.float32
    assert vector.shape == (engine.card.dimension,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_no_faces_are_no_chips_and_no_vectors() -> None:
    engine = StubEngine()
    chips = engine.align(ground(), [])
    assert chips.shape == (0, 64, 64, 3)
    assert engine.embed(chips).shape == (0, engine.card.dimension)


def test_compression_moves_neither_places_nor_colours(tmp_path: Path) -> None:
    engine = StubEngine()
    image = painted({(31, 41): 0, (161, 41): 60, (291, 41): 180, (421, 41): 300})
    after = compressed(image, tmp_path)
    (faces,) = engine.detect([image])
    (seen,) = engine.detect([after])
    assert len(seen) == 4
    assert all(max(iou(face.box, other.box) for other in seen) > 0.9 for face in faces)
    moved = np.linalg.norm(vectors(engine, image) - vectors(engine, after), axis=1)
    assert moved.max() < engine.card.threshold / 2
