"""Compare people again with all stored embeddings; no footage is decoded.

The changes are stored as a result: see `storage.results.rematches`.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np

from errors import ModelUnavailable, NotAuthorised
from faces.engine import FaceEngine, ModelCard
from pipeline.act import Caller
from pipeline.analysis.match import matches, record_match, with_threshold_in_use
from pipeline.context import Context
from pipeline.plan import Plan
from storage.access.audit import Action, no_earlier
from storage.cases.cases import require_in_force
from storage.cases.gallery import Gallery, gallery
from storage.cases.people import cases_of, lock_people
from storage.cases.references import give_up, photos_of
from storage.cases.scope import EVERYWHERE
from storage.database.database import Session, reading, writing
from storage.jobs.reembedding import seen_in
from storage.results.calibrations import number_within
from storage.results.candidates import Place, places
from storage.results.comparison_keys import PersonKeys, person_keys
from storage.results.comparisons import (
    adopt_analyses,
    compared_analyses,
    forget_stale_analyses,
    lock_comparisons,
    note_people,
    searched_for,
    stale,
)
from storage.results.ranking import (
    Match,
    close_gaps,
    forget_withdrawn_candidates,
    replace_candidates,
)
from storage.results.rematches import WORKER, Facts, conclude, differences, pending
from storage.vectors.embeddings import vectors_in
from storage.vectors.nearest import nearest_of_many


@dataclass(frozen=True, slots=True)
class _Compared:
    """What was compared, and the result."""

    people: Gallery
    searched: set[int]
    """Who may be searched for."""
    keys: PersonKeys
    """Of the comparison; it is stored only for people whose key is still the same."""
    analyses: dict[int, int]
    """The comparisons of analyses that there were, by analysis."""
    requested: set[int]
    """The rematches that it completes."""
    matches: list[Match]


def match_person(person_id: int, context: Context) -> None:
    """`match_people` for one person."""
    match_people([person_id], context)


def match_people(person_ids: Sequence[int], context: Context) -> None:
    """Compare these people again with all stored embeddings, if they were not, and store the
    changes.

    What changed meanwhile is not stored: it stays stale, and upkeep compares it again. Only
    requested rematches are recorded. Running it twice equals once. Raises ModelUnavailable, after
    the other engines, and StoreUnavailable.
    """
    now = context.clock()
    _record_refusals(Caller(context.database, WORKER, now), person_ids)
    with writing(context.database) as session:
        adopt_analyses(session, now)
        by_person = stale(session, now, person_ids=person_ids)
    unavailable: list[ModelUnavailable] = []
    for name in sorted(set().union(*by_person.values())):
        people = [person for person, engines in by_person.items() if name in engines]
        try:
            _match(people, name, context)
        except ModelUnavailable as error:
            unavailable.append(error)
    if unavailable:
        raise unavailable[0]


def _match(person_ids: Sequence[int], name: str, context: Context) -> None:
    engine = context.engine_for(Plan(engine=name))
    compared, engine = _compare(person_ids, engine, context)
    with writing(context.database) as session:
        lock_comparisons(session, of_people=True)
        lock_people(session, person_ids)
        # Only now, since the case may expire while this waits for the locks.
        caller = Caller(context.database, WORKER, no_earlier(session, context.clock()))
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
    person_ids: Sequence[int], engine: FaceEngine, context: Context
) -> tuple[_Compared, FaceEngine]:
    """The result, and the engine with the threshold it rests on."""
    # Nothing is locked. The keys are read first, so that what changes from here on changes them.
    name = engine.card.name
    with reading(context.database) as session:
        now = no_earlier(session, context.clock())
        engine = with_threshold_in_use(session, engine)
        searched = searched_for(session, now, person_ids=person_ids)
        keys = person_keys(session, person_ids, engine=name)
        analyses = compared_analyses(session, name)
        requested = set(pending(session, person_ids, name))
        people = gallery(
            session, keys=context.media.keys, engine=name, now=now, person_ids=person_ids
        )
        close = _close(session, people, engine.card)
    return _Compared(people, searched, keys, analyses, requested, close), engine


def _close(session: Session, people: Gallery, card: ModelCard) -> list[Match]:
    """The appearances within the threshold for one of these people.

    Whether a person's case covers them is checked when they are stored.
    """
    owners = np.array(people.person_ids)
    rows = {person: np.flatnonzero(owners == person) for person in dict.fromkeys(owners.tolist())}
    found = nearest_of_many(session, [people.vectors[mine] for mine in rows.values()], card=card)
    return [
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
    name = engine.card.name
    still = _unchanged(caller, session, person_ids, compared, name)
    ended = set(person_ids) - searched_for(session, caller.now, person_ids=person_ids)
    used = compared.people.of(still)
    give_up(session, used.altered)
    close_gaps(session)
    before = places(session, sorted(still | ended), engine=name)
    matched = _found(session, used, compared, engine)
    _replace(session, used, matched, {person: before[person] for person in still})
    forget_withdrawn_candidates(session, ended, name)
    forget_stale_analyses(session, name)
    note_people(session, still, name, caller.now)
    after = places(session, sorted(before), engine=name)
    photos = photos_of(session, used.reference_ids)
    appearances = number_within(session, name, EVERYWHERE)
    for person in sorted(before):
        facts = facts_of(photos.get(person, []), appearances, engine)
        changes = differences(before[person], after[person])
        conclude(
            session, person, engine=name, facts=facts, changes=changes,
            requested=compared.requested, now=caller.now,
        )  # fmt: skip
    record_match(caller, session, used, engine, appearances=appearances)


def _unchanged(
    caller: Caller,
    session: Session,
    person_ids: Sequence[int],
    compared: _Compared,
    engine: str,
) -> set[int]:
    """The people who may still be searched for, and whose key is still that of the comparison."""
    keys = person_keys(session, person_ids, engine=engine)
    searched = searched_for(session, caller.now, person_ids=person_ids) & compared.searched
    return {id for id in searched if keys.get((id, engine)) == compared.keys.get((id, engine))}


def _found(
    session: Session, people: Gallery, compared: _Compared, engine: FaceEngine
) -> list[Match]:
    """The matches of these people; again in analyses that were compared in the meantime."""
    name, wanted = engine.card.name, set(people.person_ids)
    since = compared_analyses(session, name).items() - compared.analyses.items()
    seen: list[int] = []
    matched: list[Match] = []
    for analysis_id, _ in sorted(since):
        ids, vectors = vectors_in(session, seen_in(session, analysis_id), name)
        matched += matches(people, ids, vectors, engine.card)
        seen += ids
    again = set(seen)
    return matched + [
        match
        for match in compared.matches
        if match.person_id in wanted and match.appearance_id not in again
    ]


def _replace(
    session: Session,
    people: Gallery,
    matched: Sequence[Match],
    before: Mapping[int, Mapping[int, Place]],
) -> None:
    """Store the candidates of these people; those that were not found again are deleted."""
    stored = [item for by_appearance in before.values() for item in by_appearance.items()]
    replace_candidates(
        session,
        reference_ids={*people.reference_ids, *(place.reference_id for _, place in stored)},
        appearance_ids={*(id for id, _ in stored), *(match.appearance_id for match in matched)},
        matches=matched,
    )


def facts_of(photos: Sequence[str], appearances: int, engine: FaceEngine) -> Facts:
    """The facts of a comparison: the photos (sha256, in order) and the number of appearances."""
    return Facts(
        weights_sha256=engine.weights_sha256,
        photos_sha256=hashlib.sha256(" ".join(photos).encode()).hexdigest(),
        photos=len(photos),
        appearances=appearances,
        threshold=engine.card.threshold,
    )
