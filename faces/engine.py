"""The interfaces of detectors and recognisers, and the engine that any two of them make."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from faces.face import Face, Image
from faces.vectors import Distance, as_euclidean


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a user must know about an engine before trusting its results."""

    name: str
    dimension: int
    distance: Distance
    """Between unit vectors: Euclidean distance, or one minus the cosine."""
    threshold: float
    """For one-to-one comparison: a distance at or below it makes a candidate."""
    licence: str
    commercial_use: bool
    weights: tuple[str, ...]
    """File names of the weights, as `models list` shows them."""
    detector: str
    """The detector's name; the same detector need not process a crop that it cut again."""
    linked_up_to: float | None = None
    """`same_face_distance` if the threshold is not the engine's own."""

    @property
    def same_face_distance(self) -> float:
        """The engine's own threshold as a Euclidean distance between unit vectors, for any
        `distance`: up to it two faces in footage, or in a group, may be one person's."""
        if self.linked_up_to is not None:
            return self.linked_up_to
        return as_euclidean(self.threshold, self.distance)


class FaceDetector(Protocol):
    """Detects faces; nothing is loaded before the first call."""

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """Detect the faces in each picture, best score first.

        Pictures may differ in size. A picture without faces gives an empty list, never one face of
        the whole picture.
        """
        ...


class FaceRecogniser(Protocol):
    """Embeds faces from any detector; nothing is loaded before the first call."""

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """Cut one upright chip per face, RGB [n, side, side, 3], by the recogniser's template."""
        ...

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Turn chips [n, side, side, 3] into the model's own vectors [n, dimension]."""
        ...


class FaceEngine(FaceDetector, FaceRecogniser, Protocol):
    """A detector and a recogniser with one card. Batches in, batches out."""

    card: ModelCard
    weights_sha256: str
    """One hash over all weight files, stored with every result (hex, 64 characters)."""


class PairedEngine:
    """The engine that a detector and a recogniser make."""

    def __init__(
        self,
        detector: FaceDetector,
        recogniser: FaceRecogniser,
        card: ModelCard,
        weights_sha256: str,
    ) -> None:
        self.card = card
        self.weights_sha256 = weights_sha256
        self.detect = detector.detect
        self.align = recogniser.align
        self.embed = recogniser.embed
