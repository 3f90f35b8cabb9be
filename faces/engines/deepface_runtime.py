"""The only module that uses DeepFace; it contains DeepFace's side effects.

Importing DeepFace's package silences Python's warnings, makes folders and prints; its models
download missing files. This module uses nothing but `deepface.modules.modeling`, for recognisers
and detectors and never for the models of emotion, age, gender or race. It sets the environment and
restores it afterwards, and builds no model before its files are known to exist, except in
`download`.
"""

import os
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from errors import ModelUnavailable
from faces.engines import weights
from faces.engines.deepface_parts import Part, Recogniser

ENVIRONMENT = {
    "DEEPFACE_BACKEND_ENGINE": "pytorch",
    "DEEPFACE_LOG_LEVEL": "50",
    "RETINAFACE_LOG_LEVEL": "50",
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
}


def build(part: Part, home: Path) -> Any:
    """Build DeepFace's own client object for a recogniser or detector, without the network.

    Raises ModelUnavailable if a file or package is missing or cannot be used.
    """
    weights.require(part, home)
    try:
        return _build(part, home)
    except _troubles() as error:
        raise ModelUnavailable(
            f"DeepFace cannot load {part.name} from {weights.folder(home)} "
            f"({_first_sentence(error)}); run `nightreel models pull {part.name} --from FILE` "
            "with the right file."
        ) from error


def download(part: Part, home: Path) -> None:
    """Let DeepFace's own downloader fetch the missing files of a part.

    Raises ModelUnavailable, naming the addresses, if that fails; partial files are removed.
    """
    absent = weights.missing_files(part, home)
    weights.folder(home).mkdir(parents=True, exist_ok=True)
    try:
        _build(part, home)
    except _troubles() as error:
        for name in absent:
            (weights.folder(home) / name).unlink(missing_ok=True)
        where = " or ".join(_addresses(error)) or "their source"
        raise ModelUnavailable(
            f"The weights of {part.name} ({', '.join(absent)}) could not be fetched from {where}; "
            "get them on a connected machine, "
            f"then run `nightreel models pull {part.name} --from FILE` here."
        ) from error


@contextmanager
def contained(home: Path) -> Iterator[None]:
    """Within the block, set DeepFace's environment variables and ignore warnings; restore both
    afterwards."""
    wanted = ENVIRONMENT | {"DEEPFACE_HOME": str(home)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def _build(part: Part, home: Path) -> Any:
    task = "facial_recognition" if isinstance(part, Recogniser) else "face_detector"
    with contained(home):
        from deepface.modules import modeling

        # Not `modeling.build_model`: it caches models by name, regardless of their folder.
        client = modeling.get_model_class(task, part.name)()
        if finish := _FINISH.get(part.name):
            finish(client, part, home)
        return client


def _refuse_empty(client: Any, part: Part, home: Path) -> None:
    """Raise ValueError for an invalid cascade file: it loads without an error, and DeepFace then
    never finds a face."""
    if any(cascade.empty() for cascade in client.model.values()):
        raise ValueError(f"one of {' and '.join(part.weights)} in {home} is no cascade")


def _forget_shared(_client: Any, _part: Part, _home: Path) -> None:
    """Remove the one model that the package retinaface caches per process, regardless of its
    folder."""
    vars(import_module("retinaface.RetinaFace")).pop("model")


def _hold_network(client: Any, part: Part, home: Path) -> None:
    """CenterFace looks for its file again at every picture; keep it from downloading the file."""
    network = type(client.build_model())
    path = str(weights.folder(home) / part.weights[0])

    def build_model() -> Any:
        weights.require(part, home)
        return network(weight_path=path)

    client.build_model = build_model


_FINISH: dict[str, Callable[[Any, Part, Path], None]] = {
    "opencv": _refuse_empty,
    "retinaface": _forget_shared,
    "centerface": _hold_network,
}
"""What to do with a detector after DeepFace has built it."""


def _troubles() -> tuple[type[Exception], ...]:
    """Exceptions of DeepFace, torch, dlib and opencv for a file or package they cannot use."""
    import cv2

    return (ValueError, RuntimeError, SystemError, ImportError, OSError, cv2.error)


def _first_sentence(error: Exception) -> str:
    return re.split(r"[.:]\s|\n", str(error).strip(), maxsplit=1)[0].rstrip(".:")[:200]


def _addresses(error: Exception) -> list[str]:
    return [address.rstrip(".") for address in re.findall(r"https?://[^\s,]+", str(error))]
