"""An engine whose candidates begin at another distance; nothing else of it is another."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from faces.engine import FaceEngine, ModelCard
from faces.face import Face, Image


def with_threshold(card: ModelCard, threshold: float) -> ModelCard:
    """The card with another threshold; faces in footage are linked as they were."""
    return replace(card, threshold=threshold, linked_up_to=card.same_face_distance)


class AdjustedEngine:
    """Another engine with another threshold on its card."""

    def __init__(self, engine: FaceEngine, threshold: float) -> None:
        self._engine = engine
        self.card = with_threshold(engine.card, threshold)
        self.weights_sha256 = engine.weights_sha256

    def detect(self, images: Sequence[Image]) -> list[list[Face]]:
        """As the engine does."""
        return self._engine.detect(images)

    def align(self, image: Image, faces: Sequence[Face]) -> NDArray[np.uint8]:
        """As the engine does."""
        return self._engine.align(image, faces)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """As the engine does."""
        return self._engine.embed(chips)
