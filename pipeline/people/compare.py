"""What two engines make of what reviewers decided on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from faces.calibration import Suggestion, suggest
from faces.engine import ModelCard
from faces.vectors import Vectors, distances
from pipeline.act import Caller
from storage.access.audit import Action
from storage.cases.cases import case_to_read, list_cases
from storage.cases.gallery import reference_vectors
from storage.database.database import Session, reading
from storage.files.keys import Keyring
from storage.results.candidates import Place, places
from storage.results.verdicts import Decision, Key, Verdict, verdicts_of
from storage.vectors.embeddings import vectors_of


@dataclass(frozen=True, slots=True)
class EngineResult:
    """What one engine makes of one appearance for one person."""

    rank: int | None
    """None where it is no candidate of this engine's."""
    distance: float | None
    """To the closest photo, within the threshold or not; None where this engine has not seen it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One reviewed candidate as two engines have it."""

    key: Key
    decision: Decision
    """What the reviewers agree on; inconclusive where they do not."""
    before: EngineResult
    after: EngineResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every reviewed candidate of some cases, and a threshold for the second engine."""

    reviewed: list[Compared]
    suggestion: Suggestion | None
    """None unless something was decided to be same and something different."""


def compare_reviewed(
    caller: Caller, case_id: int | None, before: ModelCard, after: ModelCard, *, keys: Keyring
) -> Comparison:
    """Compare what was reviewed in a case, or in all; it is recorded of each case.

    Raises NotAuthorised, Locked when the results of the case may not be looked at.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        if case_id is None:
            ids = [one.id for one in list_cases(session)]
        else:
            ids = [case_to_read(session, case_id, caller.now).id]
        found = compare(session, ids, before, after, keys=keys)
    for id in ids:
        act.note(id, what="compare")
    return found


def compare(
    session: Session,
    case_ids: Sequence[int],
    before: ModelCard,
    after: ModelCard,
    *,
    keys: Keyring,
) -> Comparison:
    """How rank and distance of every reviewed candidate differ; nothing is stored or decoded."""
    given = {
        key: some
        for case_id in case_ids
        for key, votes in verdicts_of(session, case_id).items()
        if (some := [one for one in votes if not one.seen.seeded])
    }
    first, second = (_results_by(session, list(given), card, keys) for card in (before, after))
    reviewed = [
        Compared(key, _agreed(some), first[key], second[key])
        for key, some in sorted(given.items(), key=lambda item: item[0])
    ]
    return Comparison(reviewed, _suggested(reviewed))


def _agreed(votes: Sequence[Verdict]) -> Decision:
    decisions = {one.decision for one in votes}
    return decisions.pop() if len(decisions) == 1 else Decision.INCONCLUSIVE


def _suggested(reviewed: Sequence[Compared]) -> Suggestion | None:
    def at(decision: Decision) -> list[float]:
        return [
            one.after.distance
            for one in reviewed
            if one.decision is decision and one.after.distance is not None
        ]

    return suggest(at(Decision.SAME), at(Decision.DIFFERENT))


def _results_by(
    session: Session, reviewed: Sequence[Key], card: ModelCard, keys: Keyring
) -> dict[Key, EngineResult]:
    people = sorted({key.person_id for key in reviewed})
    stands = places(session, people, engine=card.name)
    photos = reference_vectors(session, people, card.name, keys=keys)
    wanted = np.array(sorted({key.appearance_id for key in reviewed}), np.int64)
    ids, seen = vectors_of(session, wanted, engine=card.name)
    vectors = dict(zip(ids.tolist(), seen, strict=True))
    return {
        key: _result(
            stands[key.person_id].get(key.appearance_id),
            vectors.get(key.appearance_id),
            photos.get(key.person_id),
            card,
        )
        for key in reviewed
    }


def _result(
    place: Place | None, vector: Vectors | None, photos: Vectors | None, card: ModelCard
) -> EngineResult:
    rank = place.rank if place else None
    if vector is None or photos is None:
        return EngineResult(rank, place.distance if place else None)
    return EngineResult(rank, float(distances(vector[np.newaxis], photos, card.distance).min()))
