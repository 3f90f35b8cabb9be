"""Weight files on disk: checks that they exist and are the files that were used before.

Files lie where DeepFace looks for them below `DEEPFACE_HOME`. The first use of a file writes its
sha256 and size into `pins.json`; from then on another file with the same name is rejected, so that
vectors of two different networks are never compared unnoticed.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import TypedDict

from atomic_file import atomic_write
from errors import ModelUnavailable
from faces.engines.deepface_parts import Part

PINS = "pins.json"
_MODE = 0o644
"""Weights are not secret, and workers of other users may share them."""

PUBLISHED = {
    "face_detection_yunet_2023mar.onnx": (
        "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
    ),
    "dlib_face_recognition_resnet_model_v1.dat": (
        "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
    ),
    "shape_predictor_5_face_landmarks.dat": (
        "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888"
    ),
}
"""The sha256 expected at first use: from opencv_zoo's Git LFS pointer, and of the files of the
package `face_recognition_models`. DeepFace's other sources publish no checksums."""

BUNDLED = (("face_recognition_models", "models"), ("cv2", "data"))
"""Packages that contain some of the files, and the folder inside them."""


class Pin(TypedDict):
    """The hash and size by which a file is pinned."""

    sha256: str
    size_bytes: int


def folder(home: Path) -> Path:
    """The folder in which DeepFace looks for weights if `home` is its `DEEPFACE_HOME`."""
    return home / ".deepface" / "weights"


def missing_files(part: Part, home: Path) -> tuple[str, ...]:
    """The missing weight files of a part."""
    return tuple(name for name in part.weights if not (folder(home) / name).is_file())


def missing_package(part: Part) -> str:
    """The package that pip would have to install for this part, or the empty string."""
    if not part.package or find_spec(part.package):
        return ""
    return part.install or part.package


def require(part: Part, home: Path) -> None:
    """Raise ModelUnavailable unless the part's package and all its files are installed."""
    if package := missing_package(part):
        raise ModelUnavailable(
            f"{part.name} needs the package {package}, which is not installed; "
            f"run `pip install {package}` or choose another model."
        )
    if absent := missing_files(part, home):
        raise ModelUnavailable(
            f"{part.name} needs {' and '.join(absent)} in {folder(home)}; "
            f"run `nightreel models pull {part.name}`, "
            f"or `nightreel models pull {part.name} --from FILE` without a network."
        )


def verify(parts: Iterable[Part], home: Path) -> str:
    """One sha256 (hex) over the weight files of these parts; all files must exist.

    A file used for the first time is pinned. Raises ModelUnavailable if a file is empty or is not
    the pinned or published one, or if the pins cannot be read or written.
    """
    total = hashlib.sha256()
    pins = _read_pins(home)
    before = dict(pins)
    for part in parts:
        for name in part.weights:
            pins[name] = _checked(part, name, home, pins.get(name))
            total.update(f"{name} {pins[name]['sha256']}\n".encode())
    if pins != before:
        _write_pins(home, pins)
    return total.hexdigest()


def place(source: Path, name: str, home: Path) -> Path:
    """Install a copy of a file as weight `name`, atomically, and pin it; returns its path.

    Raises ModelUnavailable if the source cannot be read or is empty, or the copy not be written.
    """
    target = folder(home) / name
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with source.open("rb") as original, atomic_write(target, mode=_MODE) as copy:
            shutil.copyfileobj(original, copy)
            if not copy.tell():
                raise ModelUnavailable(f"{source} is empty; give the weights of {name}.")
        _write_pins(home, _read_pins(home) | {name: _measure(target)})
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ModelUnavailable(f"{source} cannot be copied to {target} ({reason}).") from error
    return target


def bundled(name: str) -> Path | None:
    """The path of this file inside an installed package; None if no package contains it."""
    for package, inside in BUNDLED:
        spec = find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            if (path := Path(root) / inside / name).is_file():
                return path
    return None


def _checked(part: Part, name: str, home: Path, pin: Pin | None) -> Pin:
    path = folder(home) / name
    if pin and path.stat().st_size != pin["size_bytes"]:
        raise _altered(part, path)
    measured = _measure(path)
    if not measured["size_bytes"]:
        raise ModelUnavailable(
            f"{path} is empty; delete it and run `nightreel models pull {part.name}`."
        )
    expected = pin["sha256"] if pin else PUBLISHED.get(name, measured["sha256"])
    if measured["sha256"] != expected:
        raise _altered(part, path)
    return measured


def _altered(part: Part, path: Path) -> ModelUnavailable:
    return ModelUnavailable(
        f"{path} is not the file it should be; put the right one back, or accept this one on "
        f"purpose with `nightreel models pull {part.name} --from {path}`."
    )


def _measure(path: Path) -> Pin:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Pin(sha256=digest, size_bytes=path.stat().st_size)


def _read_pins(home: Path) -> dict[str, Pin]:
    path = home / PINS
    if not path.exists():
        return {}
    try:
        pins: dict[str, Pin] = json.loads(path.read_text())
    except ValueError as error:
        raise ModelUnavailable(
            f"{path} cannot be read; delete it to trust the weights as they are now."
        ) from error
    return pins


def _write_pins(home: Path, pins: dict[str, Pin]) -> None:
    path = home / PINS
    try:
        with atomic_write(path, mode=_MODE) as file:
            file.write(json.dumps(pins, indent=1, sort_keys=True).encode())
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise ModelUnavailable(f"{path} cannot be written ({reason}).") from error
