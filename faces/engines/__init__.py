"""Engines by name; each is imported when it is asked for, so that listing them costs nothing."""

from pathlib import Path

from faces.engine import FaceEngine
from faces.engines.registry import parse


def build_engine(
    name: str, *, min_face_px: int, device: str, precision: str, weights_folder: Path
) -> FaceEngine:
    """Make the engine called `dlib`, `stub` or `deepface:<RECOGNISER>+<DETECTOR>`.

    `min_face_px` is the smallest face looked for, `weights_folder` holds what `models pull` has
    fetched. Raises ModelUnavailable for another name, or when the device is not there.
    """
    chosen = parse(name)
    match chosen.family:
        case "dlib":
            from faces.engines.dlib_torch import dlib_engine

            return dlib_engine(min_face_px, device, precision)
        case "stub":
            from faces.engines.stub import CIRCLES, StubEngine

            circles = chosen.recogniser.partition(":")[2]
            return StubEngine(min_face_px, int(circles or CIRCLES))
        case "deepface":
            from faces.engines.deepface import deepface_engine

            return deepface_engine(
                chosen.recogniser,
                chosen.detector,
                weights_folder=weights_folder,
                device=device,
                precision=precision,
                min_face_px=min_face_px,
            )
