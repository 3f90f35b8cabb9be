"""Change an engine's threshold, and show the effect on reviewed candidates."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from errors import WrongUsage
from faces.engine import FaceEngine, ModelCard
from faces.matching import is_within
from pipeline.act import Caller
from pipeline.people.compare import Compared, compare
from storage.access.audit import Action
from storage.cases.cases import list_cases
from storage.database.database import Engine, Session, reading, writing
from storage.files.keys import Keyring
from storage.results import rematches
from storage.results.rematches import Cause
from storage.results.verdicts import Decision
from storage.vectors.models import pin
from storage.vectors.thresholds import Threshold, choose_threshold, thresholds

LARGEST = 2.0
"""The largest distance between two unit vectors, by either distance."""


@dataclass(frozen=True, slots=True)
class Within:
    """How many of the reviewed candidates are within a threshold."""

    threshold: float
    same: int
    different: int


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of another threshold on candidates on which reviewers agree."""

    same: int
    """How many were decided as same, at any distance."""
    different: int
    before: Within
    after: Within


@dataclass(frozen=True, slots=True)
class Changed:
    """The result of a threshold change."""

    effect: Effect
    people: list[int]
    """The people to be compared again."""


def chosen_thresholds(database: Engine, engine: str) -> list[Threshold]:
    """The thresholds chosen for an engine, newest first. Raises StoreUnavailable."""
    with reading(database) as session:
        return [choice for choice in thresholds(session) if choice.engine == engine]


def effect(caller: Caller, card: ModelCard, threshold: float, *, keys: Keyring) -> Effect:
    """The effect that a threshold would have in all cases; only an audit entry per case is stored.

    Only past candidates have verdicts, so it does not count the candidates that would be new.
    Raises WrongUsage for an invalid distance.
    """
    _refuse_absurd(threshold)
    act = caller.act(Action.CANDIDATES_VIEWED)
    with reading(caller.database) as session:
        result = _effect(session, card, threshold, keys)
        cases = list_cases(session)
    for case in cases:
        act.note(case.id, what="threshold")
    return result


def change_threshold(
    caller: Caller, engine: FaceEngine, threshold: float, *, reason: str, keys: Keyring
) -> Changed:
    """Change the threshold of an engine and request a rematch of each person.

    Verdicts, engine and embeddings are unchanged. `engine` has the threshold in use. Raises
    WrongUsage without a reason, for an invalid distance and for the threshold in use; OtherWeights.
    """
    name, before, stated = engine.card.name, engine.card.threshold, reason.strip()
    if not stated:
        raise WrongUsage("Give a --reason for changing the threshold; it is recorded.")
    _refuse_absurd(threshold)
    if threshold == before:
        raise WrongUsage(f"{name} has the threshold {before:g} already.")
    actor, now = caller.actor, caller.now
    with writing(caller.database) as session:
        pin(session, name, engine.weights_sha256, now)
        result = _effect(session, engine.card, threshold, keys)
        people = choose_threshold(session, Threshold(name, threshold, stated, actor, now))
        for person in people:
            rematches.ask(session, person, engine=name, cause=Cause.THRESHOLD, actor=actor, now=now)
        caller.act(Action.THRESHOLD_CHANGED).record(
            session, None, engine=name, weights_sha256=engine.weights_sha256,
            threshold=threshold, threshold_before=before, people=len(people),
        )  # fmt: skip
    return Changed(result, people)


def _refuse_absurd(threshold: float) -> None:
    if not math.isfinite(threshold) or not 0 < threshold <= LARGEST:
        raise WrongUsage("A threshold is a distance above 0 and at most 2; give another.")


def _effect(session: Session, card: ModelCard, threshold: float, keys: Keyring) -> Effect:
    cases = [d.id for d in list_cases(session)]
    reviewed = compare(session, cases, card, card, keys=keys).reviewed
    same, different = (_decided(reviewed, d) for d in (Decision.SAME, Decision.DIFFERENT))
    before, after = (
        Within(limit, *(int(is_within(apart, limit).sum()) for apart in (same, different)))
        for limit in (card.threshold, threshold)
    )
    return Effect(len(same), len(different), before, after)


def _decided(reviewed: Sequence[Compared], decision: Decision) -> list[float]:
    """This engine's distances of the candidates with this decision."""
    return [
        candidate.after.distance
        for candidate in reviewed
        if candidate.decision is decision and candidate.after.distance is not None
    ]
