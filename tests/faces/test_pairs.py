"""Any recogniser goes with any detector, whichever points the detector gives."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Picture

from demo.portraits import portrait
from faces.engine import FaceDetector, FaceRecogniser
from faces.engines import build_engine
from faces.engines.deepface import DeepFaceDetector, DeepFaceRecogniser
from faces.engines.deepface_models import DETECTORS, RECOGNISERS
from faces.engines.dlib_torch import DlibFaceDetector, DlibRecogniser
from faces.engines.registry import landmark_names
from faces.face import Image
from faces.models import pull
from faces.vectors import distances


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    pull("deepface:Dlib+dlib", folder)
    return folder


@pytest.fixture(scope="module")
def pictures() -> list[Image]:
    """The same woman upright and tilted, then another one."""
    same, other = (Picture.fromarray(portrait(name)) for name in ("astronaut", "grace_hopper"))
    return [np.asarray(picture) for picture in (same, same.rotate(5), other)]


@pytest.mark.parametrize("recogniser", ["ours", "deepface"])
@pytest.mark.parametrize("detector", ["ours", "deepface"])
def test_any_recogniser_tells_faces_of_any_detector_apart(
    home: Path, pictures: list[Image], detector: str, recogniser: str
) -> None:
    finders: dict[str, FaceDetector] = {
        "ours": DlibFaceDetector(80, "cpu", "float32"),
        "deepface": DeepFaceDetector(DETECTORS["dlib"], home, 80),
    }
    tellers: dict[str, FaceRecogniser] = {
        "ours": DlibRecogniser("cpu", "float32"),
        "deepface": DeepFaceRecogniser(RECOGNISERS["Dlib"], home, "cpu", "float32"),
    }
    found = finders[detector].detect(pictures)
    teller = tellers[recogniser]
    chips = [teller.align(image, faces[:1]) for image, faces in zip(pictures, found, strict=True)]
    vectors = teller.embed(np.concatenate(chips))
    (apart,) = distances(vectors[:1], vectors[1:], "euclidean_l2")
    assert apart[0] < 0.3 < 0.4 < apart[1]


@pytest.mark.parametrize("name", ["dlib", "deepface:Dlib+dlib"])
def test_a_detector_gives_the_points_that_it_is_known_for(
    home: Path, pictures: list[Image], name: str
) -> None:
    engine = build_engine(
        name, min_face_px=80, device="cpu", precision="float32", weights_folder=home
    )
    faces = [face for some in engine.detect(pictures) for face in some]
    assert {face.landmarks.names for face in faces} == {landmark_names(engine.card.detector)}
