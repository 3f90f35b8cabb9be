"""Compare people again with all stored embeddings; no footage is decoded.

The changes are stored as a result: see `storage.results.rematches`.
"""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from errors import NotAuthorised
from faces.engine import FaceEngine, ModelCard
from pipeline.act import Caller
from pipeline.analysis.match import record_match
from pipeline.context import Context
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.cases.cases import require_in_force
from storage.cases.gallery import Gallery, engines_of, gallery, mark_matched, withdrawn
from storage.cases.people import cases_of, lock_people
from storage.cases.references import give_up, photos_of
from storage.database.database import Session, reading, writing
from storage.results.candidates import places
from storage.results.ranking import Match, replace_candidates
from storage.results.rematches import WORKER, Facts, conclude, differences
from storage.vectors.embeddings import number_of_vectors
from storage.vectors.nearest import nearest_of_many


@dataclass(frozen=True, slots=True)
class _Compared:
    """What was compared, and the result."""

    people: Gallery
    withdrawn: list[tuple[int, int]]
    """People and their withdrawn references. Candidates of these references are deleted, unless
    another photo finds them."""
    known: set[int]
    """Appearances that were candidates when the comparison began."""
    appearances: int
    matches: list[Match]


def match_person(person_id: int, context: Context) -> None:
    """`match_people` for one person."""
    match_people([person_id], context)


def match_people(person_ids: Sequence[int], context: Context) -> None:
    """Rank all stored appearances for these people, and store the changes.

    Only requested rematches are recorded. Running it twice equals once. Raises ModelUnavailable,
    StoreUnavailable.
    """
    _record_refusals(Caller(context.database, WORKER, context.clock()), person_ids)
    with reading(context.database) as session:
        engines = engines_of(session, person_ids)
    for name in engines:
        engine = context.engine_for(Plan(engine=name))
        caller = Caller(context.database, WORKER, context.clock())
        compared = _compare(person_ids, engine, context, caller.now)
        with writing(context.database) as session:
            _keep(caller, session, person_ids, compared, engine)


def _record_refusals(caller: Caller, person_ids: Sequence[int]) -> None:
    """Record for cases no longer in force that the comparison was refused; do not raise it."""
    act = caller.act(Action.MATCHED)
    with reading(caller.database) as session:
        cases = {case.id: case for case in cases_of(session, person_ids).values()}
    for case in cases.values():
        with suppress(NotAuthorised), act.refusals(case.id):
            require_in_force(case, caller.now)


def _compare(
    person_ids: Sequence[int], engine: FaceEngine, context: Context, now: datetime
) -> _Compared:
    # Nothing is locked. Candidates are read before the appearances; candidates found after that
    # are not known here, so they are left alone.
    name, keys = engine.card.name, context.media.keys
    with reading(context.database) as session:
        people = gallery(session, keys=keys, engine=name, now=now, person_ids=person_ids)
        withdrawn_references = withdrawn(session, engine=name, person_ids=person_ids)
        candidates = places(session, person_ids, engine=name)
        number, close = _close(session, people, engine.card)
    return _Compared(
        people=people,
        withdrawn=withdrawn_references,
        known={appearance for by_appearance in candidates.values() for appearance in by_appearance},
        appearances=number,
        matches=close,
    )


def _close(session: Session, people: Gallery, card: ModelCard) -> tuple[int, list[Match]]:
    """The number of appearances, and those within the threshold for one of these people.

    Whether a person's case covers them is checked when they are stored.
    """
    owners = np.array(people.person_ids)
    rows = {person: np.flatnonzero(owners == person) for person in dict.fromkeys(owners.tolist())}
    found = nearest_of_many(session, [people.vectors[mine] for mine in rows.values()], card=card)
    return number_of_vectors(session, card.name), [
        Match(
            person_id=person,
            appearance_id=hit.appearance_id,
            reference_id=people.reference_ids[mine[hit.photo]],
            distance=hit.distance,
            threshold=card.threshold,
        )
        for (person, mine), hits in zip(rows.items(), found, strict=True)
        for hit in hits
    ]


def _keep(
    caller: Caller,
    session: Session,
    person_ids: Sequence[int],
    compared: _Compared,
    engine: FaceEngine,
) -> None:
    name, used, taken_back = engine.card.name, compared.people, dict(compared.withdrawn)
    withdrawn_ids = [reference for _, reference in compared.withdrawn]
    lock_people(session, person_ids)
    give_up(session, used.altered)
    before = places(session, person_ids, engine=name)
    replace_candidates(
        session,
        reference_ids=[*used.reference_ids, *withdrawn_ids],
        appearance_ids=compared.known | {match.appearance_id for match in compared.matches},
        matches=compared.matches,
    )
    mark_matched(session, used.reference_ids, caller.now, withdrawn=withdrawn_ids)
    after = places(session, person_ids, engine=name)
    photos = photos_of(session, used.reference_ids)
    for person in sorted(photos.keys() | taken_back.keys()):
        facts = facts_of(photos.get(person, []), compared.appearances, engine)
        changes = differences(before[person], after[person])
        conclude(session, person, engine=name, facts=facts, changes=changes, now=caller.now)
    record_match(caller, session, used, engine, appearances=compared.appearances)


def facts_of(photos: Sequence[str], appearances: int, engine: FaceEngine) -> Facts:
    """The facts of a comparison: the photos (sha256, in order) and the number of appearances."""
    return Facts(
        weights_sha256=engine.weights_sha256,
        photos_sha256=hashlib.sha256(" ".join(photos).encode()).hexdigest(),
        photos=len(photos),
        appearances=appearances,
        threshold=engine.card.threshold,
    )
