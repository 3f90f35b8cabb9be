"""Calibration: measure how many strangers are false candidates in a case's footage."""

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
from storage.cases.scope import Scope, covers_own_only, has_footage
from storage.database.database import Session, reading
from storage.results import calibrations
from storage.results.calibrations import Calibration, Conditions, counted_among, number_within
from storage.vectors.models import is_pinned
from storage.vectors.nearest import nearest_of_many

STEPS = (0.8, 0.9, 1.0, 1.1, 1.2)
"""The thresholds to measure, as multiples of the engine's threshold."""


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
    caller: Caller,
    case_id: int,
    strangers: Sequence[Stranger],
    *,
    engine: FaceEngine,
    everything: bool = False,
) -> Calibrated:
    """Measure false candidates: search a case's footage for people who are not in it.

    The footage is that of a search: what was added for the case, if anything was and `everything`
    is not asked for, or all that the case covers. Only one hash over all usable photos is stored.
    Raises NotAuthorised when the case is not in force, WrongUsage when a photo is also a reference
    photo of the case, when fewer than 30 people have a usable photo or when there is no footage,
    OtherWeights, StoreUnavailable.
    """
    act, now = caller.act(Action.CALIBRATED), caller.now
    with act.refusals(case_id), reading(caller.database) as session:
        case_in_force(session, case_id, now)  # before any face is detected
    portraits = [[examine(photo, engine) for photo in stranger.photos] for stranger in strangers]
    people = _searchable(strangers, portraits)
    hashes = sorted({photo.sha256 for group in portraits for photo in group if photo.usable})
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_in_force(session, case_id, now)
        _refuse_who_is_looked_for(session, case, hashes)
        own_only = not everything and has_footage(session, case.id)
        scope = Scope(case=case, own_only=own_only or covers_own_only(case))
        closest, appearances = _searched(session, people, scope, engine)
    made = Calibration(
        conditions=_conditions(case.id, engine, own_only=scope.own_only),
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
    return Calibrated(made, [photo for group in portraits for photo in group if not photo.usable])


def list_calibrations(caller: Caller, case_id: int) -> list[Calibration]:
    """The calibrations of a case, newest first; that they were viewed is recorded.

    Raises NotAuthorised, Locked.
    """
    act = caller.act(Action.CASE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_to_read(session, case_id, caller.now)
        made = calibrations.calibrations(session, case_id)
    act.note(case_id, what="calibrations")
    return made


def _searchable(
    strangers: Sequence[Stranger], portraits: Sequence[Sequence[Portrait]]
) -> list[_Searchable]:
    people, seen = [], set()
    for stranger, examined in zip(strangers, portraits, strict=True):
        # One photo under several names is one search.
        new = [photo for photo in examined if photo.usable and photo.sha256 not in seen]
        vectors = [photo.vector for photo in new if photo.vector is not None]
        seen |= {photo.sha256 for photo in new}
        if vectors:
            people.append(_Searchable(np.stack(vectors), stranger.group))
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
    session: Session, people: Sequence[_Searchable], scope: Scope, engine: FaceEngine
) -> tuple[list[list[float]], int]:
    """The distances of each person's hits, and the number of appearances compared."""
    is_pinned(session, engine.card.name, engine.weights_sha256)
    number = number_within(session, engine.card.name, scope)
    if not number:
        raise WrongUsage("No face was found in the footage of this case; process some first.")
    loosest = replace(engine.card, threshold=max(STEPS) * engine.card.threshold)
    vectors = [person.vectors for person in people]
    near = nearest_of_many(session, vectors, card=loosest, scope=scope)
    found = {hit.appearance_id for hits in near for hit in hits}
    counted = counted_among(session, engine.card.name, found)
    return [[hit.distance for hit in hits if hit.appearance_id in counted] for hits in near], number


def _conditions(case_id: int, engine: FaceEngine, *, own_only: bool) -> Conditions:
    card = engine.card
    return Conditions(case_id, card.name, engine.weights_sha256, card.threshold, own_only)


def _by_group(
    people: Sequence[_Searchable], closest: Sequence[Sequence[float]], threshold: float
) -> dict[str, Rate]:
    named = sorted({person.group for person in people if person.group})
    return {
        name: rate(
            [near for person, near in zip(people, closest, strict=True) if person.group == name],
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
