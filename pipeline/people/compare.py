"""Compare the results of two engines on reviewed candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    """One engine's result for one appearance and one person."""

    rank: int | None
    """None if it is not a candidate of this engine."""
    distance: float | None
    """To the closest photo, within the threshold or not; None if the engine has not embedded it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """The results of two engines for one reviewed candidate."""

    key: Key
    decision: Decision
    """The reviewers' common decision; inconclusive if they disagree."""
    before: EngineResult
    after: EngineResult


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every reviewed candidate of some cases, and a threshold for the second engine."""

    reviewed: list[Compared]
    suggestion: Suggestion | None
    """None unless there are candidates decided as same and others decided as different."""


def compare_reviewed(
    caller: Caller, case_id: int | None, before: ModelCard, after: ModelCard, *, keys: Keyring
) -> Comparison:
    """Compare the reviewed candidates of a case, or of all cases; it is recorded for each case.

    Raises NotAuthorised or Locked when the results of the case may not be viewed.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        if case_id is None:
            ids = [case.id for case in list_cases(session)]
        else:
            ids = [case_to_read(session, case_id, caller.now).id]
        comparison = compare(session, ids, before, after, keys=keys)
    for id in ids:
        act.note(id, what="compare")
    return comparison


def compare(
    session: Session,
    case_ids: Sequence[int],
    before: ModelCard,
    after: ModelCard,
    *,
    keys: Keyring,
) -> Comparison:
    """The rank and distance of every reviewed candidate with two engines, without decoys.

    Nothing is stored or decoded.
    """
    given = {
        key: votes
        for case_id in case_ids
        for key, all_votes in verdicts_of(session, case_id).items()
        if (votes := [vote for vote in all_votes if not vote.seen.seeded])
    }
    first, second = (_results_by(session, list(given), card, keys) for card in (before, after))
    reviewed = [
        Compared(key, _agreed(votes), first[key], second[key])
        for key, votes in sorted(given.items(), key=lambda item: item[0])
    ]
    return Comparison(reviewed, _suggested(reviewed))


def _agreed(votes: Sequence[Verdict]) -> Decision:
    decisions = {vote.decision for vote in votes}
    return decisions.pop() if len(decisions) == 1 else Decision.INCONCLUSIVE


def _suggested(reviewed: Sequence[Compared]) -> Suggestion | None:
    def at(decision: Decision) -> list[float]:
        return [
            candidate.after.distance
            for candidate in reviewed
            if candidate.decision is decision and candidate.after.distance is not None
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
            _not_cut_from(key.appearance_id, photos.get(key.person_id, [])),
            card,
        )
        for key in reviewed
    }


def _not_cut_from(
    appearance_id: int, photos: Sequence[tuple[int | None, NDArray[np.float32]]]
) -> Vectors | None:
    """The vectors [k, d] of the photos that were not cut from an appearance; None without any.

    That an appearance is close to its own crop means nothing.
    """
    others = [vector for cut_from, vector in photos if cut_from != appearance_id]
    return np.stack(others) if others else None


def _result(
    place: Place | None, vector: Vectors | None, photos: Vectors | None, card: ModelCard
) -> EngineResult:
    rank = place.rank if place else None
    if vector is None or photos is None:
        return EngineResult(rank, place.distance if place else None)
    return EngineResult(rank, float(distances(vector[np.newaxis], photos, card.distance).min()))
