"""The only door to DeepFace: what it does to its surroundings stays behind it.

Importing DeepFace's package ends Python's warnings, makes folders and prints; its models download
what they lack. Here nothing but `deepface.modules.modeling` is asked, for recognisers and detectors
and never for the models of emotion, age, gender or race; the environment is set and put back around
it; and no model is built before its files are known to be there, except by `download`.
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
    """DeepFace's own client object for a recogniser or detector; uses no network.

    Raises ModelUnavailable when a file or package is missing or cannot be used.
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
    """Let DeepFace's own downloader fetch what a part lacks.

    Raises ModelUnavailable, naming the addresses, when that fails; nothing half is left behind.
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
    """DeepFace's environment and nobody else's warnings, for as long as the block runs."""
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

        # Not `modeling.build_model`: it keeps models by name, whatever folder they came from.
        client = modeling.get_model_class(task, part.name)()
        if finish := _FINISH.get(part.name):
            finish(client, part, home)
        return client


def _refuse_empty(client: Any, part: Part, home: Path) -> None:
    """A cascade file that is none loads without a word, and DeepFace then finds no face, ever."""
    if any(cascade.empty() for cascade in client.model.values()):
        raise ValueError(f"one of {' and '.join(part.weights)} in {home} is no cascade")


def _forget_shared(_client: Any, _part: Part, _home: Path) -> None:
    """The package retinaface keeps one model a process, whatever folder it came from."""
    vars(import_module("retinaface.RetinaFace")).pop("model")


def _hold_network(client: Any, part: Part, home: Path) -> None:
    """Keep CenterFace, which looks for its file again at every picture, from downloading then."""
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
"""What must still be done to a detector that DeepFace has built."""


def _troubles() -> tuple[type[Exception], ...]:
    """What DeepFace, torch, dlib and opencv raise for a file or package they cannot use."""
    import cv2

    return (ValueError, RuntimeError, SystemError, ImportError, OSError, cv2.error)


def _first_sentence(error: Exception) -> str:
    return re.split(r"[.:]\s|\n", str(error).strip(), maxsplit=1)[0].rstrip(".:")[:200]


def _addresses(error: Exception) -> list[str]:
    return [found.rstrip(".") for found in re.findall(r"https?://[^\s,]+", str(error))]
