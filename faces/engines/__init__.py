"""Builds engines by name; each is imported on demand, so that listing them costs nothing."""

from pathlib import Path

from faces.engine import FaceEngine
from faces.engines.registry import parse


def build_engine(
    name: str, *, min_face_px: int, device: str, precision: str, weights_folder: Path
) -> FaceEngine:
    """Build the engine called `dlib`, `stub` or `deepface:<RECOGNISER>+<DETECTOR>`.

    `min_face_px` is the smallest face to detect, pixels; `device` and `precision` are those of the
    settings; `weights_folder` holds the weights that `models pull` installed. Raises
    ModelUnavailable if the name is unknown, if the device is not available, or if weights are
    missing or altered.
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
