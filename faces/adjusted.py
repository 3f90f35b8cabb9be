"""An engine whose candidates begin at another distance; nothing else of it is another."""

from dataclasses import replace

from faces.engine import FaceEngine, ModelCard, PairedEngine


def with_threshold(card: ModelCard, threshold: float) -> ModelCard:
    """The card with another threshold; faces in footage are linked as they were."""
    return replace(card, threshold=threshold, linked_up_to=card.same_face_distance)


def adjusted(engine: FaceEngine, threshold: float) -> FaceEngine:
    """The engine with another threshold on its card."""
    card = with_threshold(engine.card, threshold)
    return PairedEngine(engine, engine, card, engine.weights_sha256)
