"""Photos of one person that disagree: they may show two people."""

from itertools import combinations

from faces.engine import ModelCard
from faces.vectors import distances
from storage.cases.sealed_vectors import vectors_by_photo
from storage.database.database import Session
from storage.files.keys import Keyring


def disagreements(
    session: Session, person_id: int, card: ModelCard, *, keys: Keyring
) -> tuple[str, ...]:
    """A sentence for each two photos of a person that an engine finds further apart than its
    threshold; all photos in use count, whenever they were added.

    Raises WrongUsage under a different master key.
    """
    photos = vectors_by_photo(session, person_id, card.name, keys=keys)
    between = [
        (first, second, float(distances(one[None], other[None], card.distance)[0, 0]))
        for (first, one), (second, other) in combinations(photos, 2)
    ]
    return tuple(_sentence(*pair, card) for pair in between if pair[2] > card.threshold)


def _sentence(first: str, second: str, distance: float, card: ModelCard) -> str:
    return (
        f"{first} and {second} are further apart than the threshold ({distance:.3f}; "
        f"{card.threshold:g} for {card.name}): check that both show the same person."
    )
