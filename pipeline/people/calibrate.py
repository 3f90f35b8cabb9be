"""Measure how many strangers come close in a case's footage: what its distances mean there."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from errors import WrongUsage
from faces.engine import FaceEngine
from faces.error_rates import FEW, Rate, rate
from faces.vectors import Vectors
from pipeline.act import Act, Caller
from pipeline.people.portraits import Portrait, examine
from pipeline.people.strangers import Stranger
from storage.access.audit import Action
from storage.cases.cases import Case, case_in_force, case_to_read
from storage.cases.references import photo_hashes
from storage.cases.scope import Scope, has_footage
from storage.database.database import Session, reading
from storage.results import calibrations
from storage.results.calibrations import Calibration, Conditions, number_within
from storage.vectors.models import is_pinned
from storage.vectors.nearest import nearest_of_many

STEPS = (0.8, 0.9, 1.0, 1.1, 1.2)
"""Thresholds that are looked at, as shares of the engine's own."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration, and the photos that could not be used for it."""

    calibration: Calibration
    unusable: list[Portrait]


@dataclass(frozen=True, slots=True)
class _Searchable:
    vectors: Vectors
    group: str


def calibrate(
    caller: Caller, case_id: int, strangers: Sequence[Stranger], *, engine: FaceEngine
) -> Calibrated:
    """Measure false candidates: search a case's footage for people who are not in it.

    Searched is what `nightreel search` would search. Nothing of the photos is kept but one hash
    over all of them. Raises NotAuthorised when the case is not in force, WrongUsage where somebody
    is looked for in it, fewer than 30 can be searched with or there is no footage, OtherWeights,
    StoreUnavailable.
    """
    act, now = caller.act(Action.CALIBRATED), caller.now
    with act.refusals(case_id), reading(caller.database) as session:
        case_in_force(session, case_id, now)  # before any face is looked at
    portraits = [[examine(photo, engine) for photo in one.photos] for one in strangers]
    people = _searchable(strangers, portraits)
    hashes = sorted({one.sha256 for some in portraits for one in some if one.usable})
    with act.refusals(case_id), reading(caller.database) as session:
        found = case_in_force(session, case_id, now)
        _refuse_who_is_looked_for(session, found, hashes)
        closest, appearances = _searched(session, people, found, engine)
    made = Calibration(
        conditions=_conditions(found, engine),
        rate=rate(closest, engine.card.threshold),
        curve=tuple(rate(closest, step * engine.card.threshold) for step in STEPS),
        groups=_by_group(people, closest, engine.card.threshold),
        appearances=appearances,
        photos_sha256=hashlib.sha256("".join(hashes).encode()).hexdigest(),
        actor=caller.actor,
        made_at=now,
    )
    with act.on(case_id) as session:
        case_in_force(session, case_id, now)
        _keep(session, made, act)
    return Calibrated(made, [one for some in portraits for one in some if not one.usable])


def list_calibrations(caller: Caller, case_id: int) -> list[Calibration]:
    """The calibrations of a case, newest first. Raises NotAuthorised, Locked."""
    act = caller.act(Action.CASE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_to_read(session, case_id, caller.now)
        found = calibrations.calibrations(session, case_id)
    act.note(case_id, what="calibrations")
    return found


def _searchable(
    strangers: Sequence[Stranger], portraits: Sequence[Sequence[Portrait]]
) -> list[_Searchable]:
    people = [
        _Searchable(np.stack(vectors), stranger.group)
        for stranger, some in zip(strangers, portraits, strict=True)
        if (vectors := [one.vector for one in some if one.vector is not None])
    ]
    if len(people) < FEW:
        raise WrongUsage(
            f"{len(people)} people have a usable photo, and a calibration needs {FEW}; "
            "add photos of people who are not in the footage."
        )
    return people


def _refuse_who_is_looked_for(session: Session, case: Case, hashes: Sequence[str]) -> None:
    if photo_hashes(session, case.id) & set(hashes):
        raise WrongUsage(
            "A photo shows a person of interest of this case; remove it: the folder may only "
            "hold people who are not in the footage."
        )


def _searched(
    session: Session, people: Sequence[_Searchable], case: Case, engine: FaceEngine
) -> tuple[list[list[float]], int]:
    """What came close to each person, and how many appearances were compared with."""
    is_pinned(session, engine.card.name, engine.weights_sha256)
    scope = Scope(case=case, own_only=has_footage(session, case.id))
    number = number_within(session, engine.card.name, scope)
    if not number:
        raise WrongUsage("No face was found in the footage of this case; process some first.")
    loosest = replace(engine.card, threshold=max(STEPS) * engine.card.threshold)
    vectors = [one.vectors for one in people]
    near = nearest_of_many(session, vectors, card=loosest, scope=scope)
    return [[one.distance for one in some] for some in near], number


def _conditions(case: Case, engine: FaceEngine) -> Conditions:
    card = engine.card
    return Conditions(case.id, card.name, engine.weights_sha256, card.threshold)


def _by_group(
    people: Sequence[_Searchable], closest: Sequence[Sequence[float]], threshold: float
) -> dict[str, Rate]:
    named = sorted({one.group for one in people if one.group})
    return {
        name: rate(
            [some for one, some in zip(people, closest, strict=True) if one.group == name],
            threshold,
        )
        for name in named
    }


def _keep(session: Session, made: Calibration, act: Act) -> None:
    number = calibrations.keep(session, made)
    act.record(
        session,
        made.conditions.case_id,
        calibration_id=number,
        engine=made.conditions.engine,
        weights_sha256=made.conditions.weights_sha256,
        threshold=made.conditions.threshold,
        searches=made.rate.searches,
        with_any=made.rate.with_any,
        false_candidates=made.rate.false_candidates,
        appearances=made.appearances,
        photos_sha256=made.photos_sha256,
    )
