"""Detection through DeepFace's detectors, and what the engine keeps DeepFace from doing."""

import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from demo.portraits import portrait
from errors import ModelUnavailable
from faces.engine import FaceEngine
from faces.engines.deepface import deepface_engine
from faces.engines.deepface_detectors import read
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from faces.engines.deepface_runtime import build, contained
from faces.engines.templates import template
from faces.models import pull


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("weights")
    pull("deepface:Dlib+dlib", home)
    return home


def engine(home: Path, min_face_px: int = 40, detector: str = "dlib") -> FaceEngine:
    return deepface_engine(
        "Dlib",
        detector,
        weights_folder=home,
        device="cpu",
        precision="float32",
        min_face_px=min_face_px,
    )


def close_up(name: str) -> np.ndarray:
    """The face and little more, so that a slow detector is done soon."""
    top, bottom, left, right = {"astronaut": (20, 220, 120, 320)}.get(name, (90, 410, 110, 430))
    return portrait(name)[top:bottom, left:right]


def test_faces_of_two_people_are_told_apart(home: Path) -> None:
    seeing = engine(home, 80)
    hopper = close_up("grace_hopper")
    pictures = [hopper, close_up("astronaut"), hopper[:, ::-1]]
    faces = [found[0] for found in seeing.detect(pictures)]
    chips = [seeing.align(image, [face]) for image, face in zip(pictures, faces, strict=True)]
    vectors = seeing.embed(np.concatenate(chips))
    one, other, mirrored = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert 1 - one @ mirrored <= seeing.card.threshold
    assert 1 - one @ other > seeing.card.threshold


def test_eyes_are_left_and_right_as_the_viewer_sees_them(home: Path) -> None:
    picture = close_up("astronaut")
    face = engine(home).detect([picture])[0][0]
    regions = build(DETECTORS["dlib"], home).detect_faces(np.ascontiguousarray(picture[..., ::-1]))
    best = max(regions, key=lambda region: region.confidence)
    assert tuple(face.landmarks.points[0]) == best.right_eye
    assert tuple(face.landmarks.points[1]) == best.left_eye
    assert face.landmarks.points[0, 0] < face.landmarks.points[2, 0] < face.landmarks.points[1, 0]


def test_a_picture_without_a_face_gives_no_face(home: Path) -> None:
    sea = np.full((240, 320, 3), (20, 90, 160), np.uint8)
    assert engine(home).detect([sea, sea]) == [[], []]
    assert engine(home).detect([]) == []


def test_faces_come_best_first_and_none_is_too_small(home: Path) -> None:
    both = np.zeros((320, 520, 3), np.uint8)
    both[:, :320], both[:200, 320:] = close_up("grace_hopper"), close_up("astronaut")
    (faces,) = engine(home, 60).detect([both])
    scores = [face.score for face in faces]
    assert len(faces) >= 2
    assert scores == sorted(scores, reverse=True)
    assert all(max(face.box.width, face.box.height) >= 60 for face in faces)


def test_a_chip_has_the_eyes_where_the_recogniser_wants_them(home: Path) -> None:
    seeing = engine(home)
    picture = close_up("astronaut")
    (chip,) = seeing.align(picture, seeing.detect([picture])[0][:1])
    again = build(DETECTORS["dlib"], home).model["sp"]
    with contained(home):
        import dlib
    seen = again(np.ascontiguousarray(chip), dlib.rectangle(25, 25, 125, 125))
    parts = np.array([(seen.part(k).x, seen.part(k).y) for k in (2, 3, 0, 1)], float)
    eyes = parts.reshape(2, 2, 2).mean(axis=1)
    goal = template(RECOGNISERS["Dlib"].crop, 150)[:2]
    assert np.abs(eyes - goal).max() < 4


def test_five_points_of_deepfaces_interface_are_all_used(home: Path) -> None:
    with contained(home):
        from deepface.models.Detector import Detector, FacialAreaRegion

    class Knows(Detector):
        def detect_faces(self, img):  # noqa: ARG002
            return [
                FacialAreaRegion(
                    x=10, y=20, w=80, h=100, confidence=0.9,
                    left_eye=(70, 60), right_eye=(30, 60), nose=(50, 80),
                    mouth_left=(65, 100), mouth_right=(35, 100),
                )
            ]  # fmt: skip

    (found,) = read("retinaface", Knows(), np.zeros((200, 200, 3), np.uint8))
    assert found.points.tolist() == [[30, 60], [70, 60], [50, 80], [35, 100], [65, 100]]


STAGE = """<_><maxWeakCount>1</maxWeakCount><stageThreshold>0.5</stageThreshold><weakClassifiers>
<_><internalNodes>0 -1 0 1.0</internalNodes><leafValues>0. 1.</leafValues></_>
</weakClassifiers></_>"""
CASCADE = f"""<?xml version="1.0"?><opencv_storage><cascade>
<stageType>BOOST</stageType><featureType>HAAR</featureType><height>24</height><width>24</width>
<stageParams><maxWeakCount>1</maxWeakCount></stageParams>
<featureParams><maxCatCount>0</maxCatCount></featureParams>
<stageNum>5</stageNum><stages>{5 * STAGE}</stages>
<features><_><rects><_>0 0 24 24 -1.</_><_>6 6 12 12 4.</_></rects></_></features>
</cascade></opencv_storage>"""
"""Sees a bright square, in the middle of a window twice its size. OpenCV reports windows that fail
in one of the last four stages too, hence five."""


def cascades(folder: Path, text: str) -> Path:
    for name in DETECTORS["opencv"].weights:
        (folder / name).write_text(text)
    return folder


def bright_square() -> np.ndarray:
    picture = np.random.default_rng(1).integers(0, 40, (300, 400, 3), np.uint8)
    picture[100:160, 150:210] = 255
    return picture


def test_opencvs_cascades_find_and_give_landmarks_from_the_box(tmp_path: Path) -> None:
    pull("Dlib", tmp_path)
    pull("opencv", tmp_path, cascades(tmp_path, CASCADE))
    seeing = engine(tmp_path, detector="opencv")
    face = seeing.detect([bright_square()])[0][0]
    assert face.box.x + face.box.width / 2 == pytest.approx(180, abs=12)
    assert face.box.y + face.box.height / 2 == pytest.approx(130, abs=12)
    assert face.landmarks.points[:2].mean(axis=0)[0] == pytest.approx(180, abs=12)
    assert face.box.y < face.landmarks.points[:, 1].min() < face.landmarks.points[:, 1].max() < 190


def test_a_file_that_is_no_cascade_is_refused_instead_of_finding_nothing(tmp_path: Path) -> None:
    pull("Dlib", tmp_path)
    pull("opencv", tmp_path, cascades(tmp_path, "<html>404</html>"))
    seeing = engine(tmp_path, detector="opencv")
    with pytest.raises(ModelUnavailable, match="DeepFace cannot load opencv"):
        seeing.detect([bright_square()])


def test_deepface_leaves_its_surroundings_alone(home: Path, tmp_path: Path) -> None:
    script = f"""
import os, sys, warnings
from pathlib import Path
import cv2, numpy as np, torch  # OpenCV sets a variable of its own
before = list(warnings.filters), dict(os.environ)
from faces.engines.deepface import deepface_engine
engine = deepface_engine("Dlib", "dlib", weights_folder=Path({str(home)!r}), device="cpu",
                        precision="float32", min_face_px=40)
assert "deepface" not in sys.modules
engine.detect([np.zeros((80, 80, 3), np.uint8)])
engine.embed(np.zeros((1, 150, 150, 3), np.uint8))
assert "deepface.modules.modeling" in sys.modules
assert (list(warnings.filters), dict(os.environ)) == before
unwanted = "deepface.DeepFace", "demography", "spoofing", "modules.streaming", "tensorflow"
assert not [name for name in sys.modules if any(word in name for word in unwanted)]
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        env=os.environ | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["Age", "Emotion", "Gender", "Race", "Fasnet", "facenet512"])
def test_only_recognisers_can_be_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=f"There is no recogniser '{name}'; choose one of"):
        deepface_engine(
            name,
            "dlib",
            weights_folder=tmp_path,
            device="cpu",
            precision="float32",
            min_face_px=40,
        )


def test_warnings_are_as_they_were_after_deepface_has_been_imported(home: Path) -> None:
    before = list(warnings.filters)
    with contained(home):
        import retinaface.RetinaFace  # noqa: F401  (it ends all warnings when imported)
    assert list(warnings.filters) == before
