"""Let an engine make candidates up to another distance, and say what that does to decisions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from errors import WrongUsage
from faces.engine import FaceEngine, ModelCard
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
"""No two unit vectors are further apart, by either distance."""


@dataclass(frozen=True, slots=True)
class Within:
    """How many of the reviewed candidates lie within a threshold."""

    threshold: float
    same: int
    different: int


@dataclass(frozen=True, slots=True)
class Effect:
    """What another threshold does to candidates on which reviewers agree."""

    same: int
    """How many were decided to be the same, at whatever distance."""
    different: int
    before: Within
    after: Within


@dataclass(frozen=True, slots=True)
class Changed:
    """A threshold that was taken into use."""

    effect: Effect
    people: list[int]
    """The people to be compared again."""


def chosen_thresholds(database: Engine, engine: str) -> list[Threshold]:
    """The thresholds chosen for an engine, newest first. Raises StoreUnavailable."""
    with reading(database) as session:
        return [one for one in thresholds(session) if one.engine == engine]


def effect(caller: Caller, card: ModelCard, threshold: float, *, keys: Keyring) -> Effect:
    """What a threshold would do in all cases; nothing is stored but that somebody looked.

    Only what was a candidate once could be decided on: it says nothing of who would be new. Raises
    WrongUsage for what is no distance.
    """
    _refuse_absurd(threshold)
    act = caller.act(Action.CANDIDATES_VIEWED)
    with reading(caller.database) as session:
        found = _effect(session, card, threshold, keys)
        cases = list_cases(session)
    for one in cases:
        act.note(one.id, what="threshold")
    return found


def change_threshold(
    caller: Caller, engine: FaceEngine, threshold: float, *, reason: str, keys: Keyring
) -> Changed:
    """Have everybody compared again with another threshold; verdicts stay, and so do engine and
    vectors.

    `engine` is as it is in use. What it changes is a rematch of each person. Raises WrongUsage
    without a reason, for what is no distance, and for the threshold in use; OtherWeights.
    """
    name, before, said = engine.card.name, engine.card.threshold, reason.strip()
    if not said:
        raise WrongUsage("Give a --reason for changing the threshold; it is recorded.")
    _refuse_absurd(threshold)
    if threshold == before:
        raise WrongUsage(f"{name} has the threshold {before:g} already.")
    actor, now = caller.actor, caller.now
    with writing(caller.database) as session:
        pin(session, name, engine.weights_sha256, now)
        found = _effect(session, engine.card, threshold, keys)
        people = choose_threshold(session, Threshold(name, threshold, said, actor, now))
        for person in people:
            rematches.ask(session, person, engine=name, cause=Cause.THRESHOLD, actor=actor, now=now)
        caller.act(Action.THRESHOLD_CHANGED).record(
            session, None, engine=name, weights_sha256=engine.weights_sha256,
            threshold=threshold, threshold_before=before, people=len(people),
        )  # fmt: skip
    return Changed(found, people)


def _refuse_absurd(threshold: float) -> None:
    if not math.isfinite(threshold) or not 0 < threshold <= LARGEST:
        raise WrongUsage("A threshold is a distance above 0 and at most 2; give another.")


def _effect(session: Session, card: ModelCard, threshold: float, keys: Keyring) -> Effect:
    cases = [one.id for one in list_cases(session)]
    reviewed = compare(session, cases, card, card, keys=keys).reviewed
    same, different = (_decided(reviewed, one) for one in (Decision.SAME, Decision.DIFFERENT))
    before, after = (
        Within(limit, *(sum(one <= limit for one in some) for some in (same, different)))
        for limit in (card.threshold, threshold)
    )
    return Effect(len(same), len(different), before, after)


def _decided(reviewed: Sequence[Compared], decision: Decision) -> list[float]:
    """How far away this engine has what reviewers agree on."""
    return [
        one.after.distance
        for one in reviewed
        if one.decision is decision and one.after.distance is not None
    ]
