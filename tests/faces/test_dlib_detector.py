"""Engine `dlib` finds what dlib's own CNN detector finds."""

import os
import subprocess
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import dlib
import imageio_ffmpeg
import numpy as np
import pytest
import torch
from PIL import Image as Picture

from bench.pictures import crowds
from demo.portraits import portrait
from faces.engine import FaceEngine
from faces.engines import dlib_detector
from faces.engines.dlib_torch import dlib_engine
from faces.engines.dlib_weights import DETECTOR_FILE, weights_folder
from faces.face import Box, Face, Image
from faces.geometry import iou

FOOTAGE = os.environ.get("NIGHTREEL_TEST_FOOTAGE", "")


@pytest.fixture(scope="module")
def engine() -> FaceEngine:
    return dlib_engine(device="cpu", precision="float32")


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    """28 faces on 28 pictures, kept small: dlib takes about a second for 100,000 pixels."""
    return crowds(seed=1, count=28)


def found_by_dlib(image: Image) -> list[Box]:
    detector = dlib.cnn_face_detection_model_v1(str(weights_folder() / DETECTOR_FILE))
    rectangles = [found.rect for found in detector(np.ascontiguousarray(image), 0)]
    return [Box(rect.left(), rect.top(), rect.width(), rect.height()) for rect in rectangles]


def matched(boxes: Sequence[Box], faces: Sequence[Face]) -> int:
    return sum(any(iou(box, face.box) >= 0.7 for face in faces) for box in boxes)


def grace_hopper(width: int, height: int) -> Image:
    return np.asarray(Picture.fromarray(portrait("grace_hopper")).resize((width, height)))


def test_it_finds_what_dlib_finds_and_nothing_else(
    engine: FaceEngine, pictures: list[Image]
) -> None:
    found = engine.detect(pictures)
    by_dlib = [found_by_dlib(image) for image in pictures]
    count = sum(map(len, by_dlib))
    hits = sum(map(matched, by_dlib, found))
    assert count >= 25
    assert hits >= 0.98 * count
    assert sum(map(len, found)) - hits <= 0.02 * count


def test_boxes_and_scores_are_dlibs(engine: FaceEngine) -> None:
    image = grace_hopper(200, 240)
    detector = dlib.cnn_face_detection_model_v1(str(weights_folder() / DETECTOR_FILE))
    (theirs,) = detector(image, 0)
    ((ours,),) = engine.detect([image])
    assert ours.box == Box(
        theirs.rect.left(), theirs.rect.top(), theirs.rect.width(), theirs.rect.height()
    )
    assert ours.score == pytest.approx(theirs.confidence, abs=1e-4)


def test_a_batch_gives_what_each_picture_gives_alone(
    engine: FaceEngine, pictures: list[Image]
) -> None:
    mixed = [pictures[3], grace_hopper(200, 240), pictures[2], grace_hopper(200, 240)[::-1]]
    together = engine.detect(mixed)
    alone = [engine.detect([image])[0] for image in mixed]
    assert [[face.box for face in faces] for faces in together] == [
        [face.box for face in faces] for faces in alone
    ]


def test_strips_of_the_sheet_give_what_the_whole_sheet_gives(
    engine: FaceEngine, pictures: list[Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = engine.detect(pictures[:8])
    monkeypatch.setitem(dlib_detector.STRIP_PIXELS, "cpu", 20_000)
    strips = engine.detect(pictures[:8])
    for one, other in zip(chain(*strips), chain(*whole), strict=True):
        assert one.box == other.box
        assert one.score == pytest.approx(other.score, abs=1e-4)


def test_faces_below_80_px_are_found_when_they_are_asked_for(engine: FaceEngine) -> None:
    small = grace_hopper(100, 117)
    assert engine.detect([small]) == [[]]
    ((face,),) = dlib_engine(40, "cpu", "float32").detect([small])
    ((large,),) = engine.detect([grace_hopper(400, 468)])
    quarter = Box(
        *(side / 4 for side in (large.box.x, large.box.y, large.box.width, large.box.height))
    )
    assert iou(face.box, quarter) > 0.7


def test_small_faces_are_passed_over_when_only_large_ones_are_asked_for() -> None:
    picky = dlib_engine(200, "cpu", "float32")
    ((face,),) = picky.detect([grace_hopper(800, 936)])
    assert face.box.width > 200
    assert picky.detect([grace_hopper(300, 351)]) == [[]]


@pytest.mark.parametrize("size", [(1, 1), (5, 300), (300, 5), (20, 20), (79, 81)])
def test_pictures_too_small_for_a_face_hold_none(engine: FaceEngine, size: tuple[int, int]) -> None:
    assert engine.detect([np.full((*size, 3), 128, np.uint8)]) == [[]]


def test_no_pictures_are_no_answers(engine: FaceEngine) -> None:
    assert engine.detect([]) == []


def test_noise_holds_no_face(engine: FaceEngine) -> None:
    noise = np.random.default_rng(3).integers(0, 255, (200, 300, 3), dtype=np.uint8)
    assert engine.detect([noise]) == [[]]


def test_bfloat16_finds_the_same_faces(engine: FaceEngine) -> None:
    images = [grace_hopper(200, 234), grace_hopper(300, 351)]
    half = dlib_engine(device="cpu", precision="bfloat16").detect(images)
    for faces, others in zip(engine.detect(images), half, strict=True):
        assert len(faces) == len(others) == matched([face.box for face in faces], others)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_finds_the_same_faces(engine: FaceEngine, pictures: list[Image]) -> None:
    on_gpu = dlib_engine(device="cuda").detect(pictures)
    boxes = [[face.box for face in faces] for faces in engine.detect(pictures)]
    count = sum(map(len, boxes))
    assert sum(map(matched, boxes, on_gpu)) >= 0.95 * count
    assert abs(sum(map(len, on_gpu)) - count) <= 0.05 * count


@pytest.mark.skipif(not FOOTAGE, reason="NIGHTREEL_TEST_FOOTAGE names no video")
def test_real_footage_gives_what_dlib_finds(engine: FaceEngine, tmp_path: Path) -> None:
    looks = [_surroundings(frame, engine) for frame in _frames(Path(FOOTAGE), tmp_path)]
    found = engine.detect(looks)
    by_dlib = [found_by_dlib(look) for look in looks]
    count = sum(map(len, by_dlib))
    hits = sum(map(matched, by_dlib, found))
    assert hits >= 0.98 * count
    assert sum(map(len, found)) - hits <= 0.02 * count


def _frames(path: Path, folder: Path) -> list[Image]:
    """A frame a second, of the first three seconds of each video."""
    ffmpeg = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-t", "3"]
    for number, video in enumerate([path] if path.is_file() else sorted(path.iterdir())):
        pattern = folder / f"{number}-%d.png"
        subprocess.run([*ffmpeg, "-i", str(video), "-vf", "fps=1", str(pattern)], check=True)
    return [np.asarray(Picture.open(file)) for file in sorted(folder.glob("*.png"))]


def _surroundings(frame: Image, engine: FaceEngine) -> Image:
    """640x360 of the frame around its best face: dlib needs twenty seconds for a whole one."""
    (faces,) = engine.detect([frame])
    height, width = frame.shape[:2]
    box = faces[0].box if faces else Box(width / 2, height / 2, 0, 0)
    left = int(np.clip(box.x + box.width / 2 - 320, 0, max(0, width - 640)))
    top = int(np.clip(box.y + box.height / 2 - 180, 0, max(0, height - 360)))
    return frame[top : top + 360, left : left + 640]
