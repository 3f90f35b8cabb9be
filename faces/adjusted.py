"""An engine with another threshold for candidates; everything else stays the same."""

from dataclasses import replace

from faces.engine import FaceEngine, ModelCard, PairedEngine


def with_threshold(card: ModelCard, threshold: float) -> ModelCard:
    """The card with another threshold, in the card's own distance; faces in footage are still
    linked with the original one."""
    return replace(card, threshold=threshold, linked_up_to=card.same_face_distance)


def adjusted(engine: FaceEngine, threshold: float) -> FaceEngine:
    """The engine with another threshold on its card, as `with_threshold`."""
    card = with_threshold(engine.card, threshold)
    return PairedEngine(engine, engine, card, engine.weights_sha256)
