"""The available models: their cards, whether their weights are installed, and how to install them.

Listing imports neither torch nor DeepFace. Only `pull` ever uses the network.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from errors import ModelUnavailable
from faces.engine import ModelCard
from faces.engines import build_engine, weights
from faces.engines.deepface_models import DETECTORS, RECOGNISERS, choose
from faces.engines.deepface_parts import Part, Recogniser
from faces.engines.registry import DLIB, PREFIX, parse


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of `nightreel models list`."""

    name: str
    kind: Literal["engine", "recogniser", "detector"]
    """A recogniser and a detector make the engine `deepface:<RECOGNISER>+<DETECTOR>`."""
    licence: str
    commercial_use: bool
    weights: tuple[str, ...]
    missing: tuple[str, ...]
    """Weight files that are not installed."""
    needs_package: str
    """The package that pip would have to install, or the empty string."""
    dimension: int | None = None
    distance: str | None = None
    threshold: float | None = None

    @property
    def present(self) -> bool:
        """Whether it can be used without installing anything."""
        return not self.missing and not self.needs_package


def require(engine: str, weights_folder: Path) -> ModelCard | None:
    """Check that an engine could start now, without loading it; returns its card, None for `stub`.

    Raises ModelUnavailable if the name is unknown, or if weights are missing or altered.
    """
    name = parse(engine)
    if name.family == "stub":
        return None
    if name.family == "dlib":
        if missing := _default().missing:
            raise ModelUnavailable(
                f"{' and '.join(missing)} of the package face_recognition_models is missing; "
                "install the package again."
            )
        return DLIB
    options: dict[str, Any] = {"min_face_px": 1, "device": "cpu", "precision": "float32"}
    return build_engine(engine, weights_folder=weights_folder, **options).card


def notice(engine: ModelCard) -> str:
    """What to tell a user who chooses this engine; empty if there is nothing to tell."""
    if engine.commercial_use:
        return ""
    return f"{engine.name} is not cleared for commercial use ({engine.licence})."


def installed(weights_folder: Path) -> list[Listed]:
    """Every engine, recogniser and detector, with its missing weights and package."""
    parts = [*RECOGNISERS.values(), *DETECTORS.values()]
    return [_default(), *(_listed(part, weights_folder) for part in parts)]


def pull(name: str, weights_folder: Path, source: Path | None = None) -> tuple[Path, ...]:
    """Install and pin the weights of a recogniser, a detector or a whole `deepface:` engine.

    They come from `source` (a file, or a folder with the files), else from an installed package
    that has them, else over the network. Installed files are kept unless a source is given. `dlib`
    means the detector; the engine of that name needs nothing. Returns the paths of the files.

    Raises ModelUnavailable if that fails.
    """
    parts = _parts(name)
    for part in parts:
        if source is not None:
            _place_given(part, source, weights_folder)
        elif weights.missing_files(part, weights_folder):
            _fetch(part, weights_folder)
    weights.verify(parts, weights_folder)
    home = weights.folder(weights_folder)
    return tuple(home / file for part in parts for file in part.weights)


def _parts(name: str) -> list[Part]:
    if name.startswith(PREFIX):
        pair = parse(name)
        return [
            choose("recogniser", RECOGNISERS, pair.recogniser),
            choose("detector", DETECTORS, pair.detector),
        ]
    return [choose("model", {**RECOGNISERS, **DETECTORS}, name)]


def _place_given(part: Part, source: Path, home: Path) -> None:
    for file in part.weights:
        weights.place(_given(part, file, source), file, home)


def _given(part: Part, file: str, source: Path) -> Path:
    """The file to use: the one of this name in the source folder, else the source itself if only
    one file is needed."""
    inside = source / Path(file).name
    if source.is_dir() and inside.is_file():
        return inside
    if source.is_file() and len(part.weights) == 1:
        return source
    names = " and ".join(part.weights)
    raise ModelUnavailable(f"{part.name} needs {names}, which {source} does not contain.")


def _fetch(part: Part, home: Path) -> None:
    for file in weights.missing_files(part, home):
        if bundled := weights.bundled(file):
            weights.place(bundled, file, home)
    if weights.missing_files(part, home):
        from faces.engines.deepface_runtime import download

        download(part, home)


def _default() -> Listed:
    return Listed(
        name=DLIB.name,
        kind="engine",
        licence=DLIB.licence,
        commercial_use=DLIB.commercial_use,
        weights=DLIB.weights,
        missing=tuple(file for file in DLIB.weights if not weights.bundled(file)),
        needs_package="",
        dimension=DLIB.dimension,
        distance=DLIB.distance,
        threshold=DLIB.threshold,
    )


def _listed(part: Part, home: Path) -> Listed:
    recogniser = part if isinstance(part, Recogniser) else None
    return Listed(
        name=part.name,
        kind="recogniser" if recogniser else "detector",
        licence=part.licence,
        commercial_use=part.commercial_use,
        weights=part.weights,
        missing=weights.missing_files(part, home),
        needs_package=weights.missing_package(part),
        dimension=recogniser.dimension if recogniser else None,
        distance="cosine" if recogniser else None,
        threshold=recogniser.threshold if recogniser else None,
    )
