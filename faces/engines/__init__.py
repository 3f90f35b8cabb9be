"""Engines by name; each is imported when it is asked for, so that listing them costs nothing."""

from pathlib import Path

from errors import ModelUnavailable
from faces.engine import FaceEngine


def build_engine(
    name: str, *, min_face_px: int, device: str, precision: str, weights_folder: Path
) -> FaceEngine:
    """Make the engine called `dlib`, `stub` or `deepface:<MODEL>+<DETECTOR>`.

    `min_face_px` is the smallest face looked for, `weights_folder` holds what `models pull` has
    fetched. Raises ModelUnavailable for another name, or when the device is not there.
    """
    if name == "dlib":
        from faces.engines.dlib_torch import DlibEngine

        return DlibEngine(min_face_px, device, precision)
    family, _, pair = name.partition(":")
    if name == "stub" or (family == "stub" and pair in ("2", "3")):
        from faces.engines.stub import CIRCLES, StubEngine

        return StubEngine(min_face_px, int(pair or CIRCLES))
    model, _, detector = pair.partition("+")
    if family == "deepface" and model and detector:
        from faces.engines.deepface import DeepFaceEngine

        return DeepFaceEngine(
            model,
            detector,
            weights_folder=weights_folder,
            device=device,
            precision=precision,
            min_face_px=min_face_px,
        )
    raise ModelUnavailable(
        f"There is no engine {name!r}; there are dlib, stub and deepface:MODEL+DETECTOR, "
        "for instance deepface:Facenet512+yunet."
    )
