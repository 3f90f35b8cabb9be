"""Join the tracklets of segments to appearances, and rank these for the persons of interest."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from faces.adjusted import adjusted
from faces.appearances import Part, join
from faces.engine import FaceEngine, ModelCard
from faces.matching import rank
from faces.vectors import Vectors, pool
from pipeline.act import Caller
from pipeline.context import Context
from pipeline.plan import Plan
from storage.access.audit import Action, no_earlier
from storage.access.chain import JsonValue
from storage.cases.gallery import Gallery, gallery
from storage.cases.people import people_allowed
from storage.cases.references import give_up, reference_set, references_by_case
from storage.database.database import Session, reading, writing
from storage.jobs import ledger, reembedding
from storage.jobs.listing import plan_body, state_of
from storage.jobs.states import ENDED
from storage.results.comparison_keys import person_keys, recording_key
from storage.results.comparisons import (
    is_to_be_compared,
    leave_out,
    lock_comparisons,
    note_analysis,
    searched_for,
)
from storage.results.ranking import Match, forget_candidates_outside_of, replace_candidates
from storage.results.rematches import WORKER
from storage.tables import State
from storage.vectors.appearances import Presence, replace_appearances, sightings
from storage.vectors.embeddings import vectors_in
from storage.vectors.models import pin
from storage.vectors.thresholds import threshold_in_use


def match_analysis(analysis_id: int, context: Context) -> None:
    """Join the sightings of an analysis, rank its appearances for each person, and conclude it.

    Re-embedded and imported crops are not joined. An analysis that has ended is only ranked again,
    if its comparison does not hold. Running it twice equals once. An analysis that was cancelled
    or deleted in the meantime, or whose segments are not all over, is skipped. Raises OtherWeights,
    StoreUnavailable.
    """
    with reading(context.database) as session:
        body = plan_body(session, analysis_id)
        state = state_of(session, analysis_id)
        is_joined = reembedding.origin_of(session, analysis_id) is not None
    if body is None or state not in (State.MATCHING, *ENDED):
        return
    plan = Plan.from_body(body)
    engine = context.engine_for(plan)
    if state is State.MATCHING and not (is_joined or plan.cut_by):
        _join(analysis_id, plan, engine, context)
    with writing(context.database) as session:
        if is_to_be_compared(session, analysis_id):
            _compare(session, analysis_id, plan, engine, context)


def _compare(
    session: Session, analysis_id: int, plan: Plan, engine: FaceEngine, context: Context
) -> None:
    """Compare an analysis, which is locked, with everybody who is searched for; conclude it."""
    lock_comparisons(session, of_people=False)
    now, name = no_earlier(session, context.clock()), plan.engine
    # The keys first: what changes from here on makes the comparison stale.
    key = recording_key(session, analysis_id)
    searched = searched_for(session, now)
    keys = person_keys(session, searched, engine=name)
    engine = with_threshold_in_use(session, engine)
    origin_id = reembedding.seen_in(session, analysis_id)
    people = gallery(
        session,
        keys=context.media.keys,
        engine=name,
        now=now,
        person_ids=people_allowed(session, origin_id, now),
    )
    give_up(session, people.altered)
    ids, vectors = vectors_in(session, origin_id, name)
    appearances = [kept.appearance_id for kept in reembedding.kept(session, origin_id)]
    replace_candidates(
        session,
        reference_ids=people.reference_ids,
        appearance_ids=appearances,
        matches=matches(people, ids, vectors, engine.card),
    )
    forget_candidates_outside_of(session, appearances)
    leave_out(session, name, keys, searched, note_analysis(session, analysis_id, key, now))
    ledger.conclude(session, analysis_id, now)
    caller = Caller(context.database, WORKER, now)
    record_match(caller, session, people, engine, analysis_id=analysis_id, plan_key=plan.key)


def with_threshold_in_use(session: Session, engine: FaceEngine) -> FaceEngine:
    """The engine with the threshold that is in use in this transaction."""
    chosen = threshold_in_use(session, engine.card.name)
    return engine if chosen in (None, engine.card.threshold) else adjusted(engine, chosen)


def record_match(
    caller: Caller, session: Session, people: Gallery, engine: FaceEngine, **objects: JsonValue
) -> None:
    """Record for each case that its people were compared: references, engine and threshold.

    `objects` are added to the audit entry.
    """
    for case_id, reference_ids in references_by_case(session, people.reference_ids).items():
        caller.act(Action.MATCHED).record(
            session,
            case_id,
            **objects,
            reference_ids=reference_ids,
            reference_set_sha256=reference_set(session, reference_ids),
            engine=engine.card.name,
            weights_sha256=engine.weights_sha256,
            threshold=engine.card.threshold,
        )


def _join(analysis_id: int, plan: Plan, engine: FaceEngine, context: Context) -> None:
    """Store the appearances of an analysis, unless it was cancelled or deleted."""
    with reading(context.database) as session:
        parts = sightings(session, analysis_id)
    appearances = joined(parts, plan, engine.card)
    with writing(context.database) as session:
        if not ledger.may_match(session, analysis_id):
            return
        pin(session, engine.card.name, engine.weights_sha256, context.clock())
        before = reembedding.kept(session, analysis_id)
        replace_appearances(session, analysis_id, appearances, weights_sha256=engine.weights_sha256)
        if before and reembedding.kept(session, analysis_id) != before:
            reembedding.ask_again(session, analysis_id)


def joined(parts: Sequence[tuple[int, Presence]], plan: Plan, card: ModelCard) -> list[Presence]:
    """Join sightings that were split at segment borders; returns appearances in order of time.

    `parts` are sightings, each with the index of its segment.
    """
    groups = join(
        [
            Part(segment, part.start_ms, part.end_ms, part.box, part.quality, part.vector)
            for segment, part in parts
        ],
        max_gap_seconds=plan.max_gap_seconds,
        same_face_distance=card.same_face_distance,
    )
    return [_merged([parts[index][1] for index in group], plan.best_faces) for group in groups]


def _merged(group: Sequence[Presence], best_faces: int) -> Presence:
    best = max(group, key=lambda part: part.quality)
    weights = np.array([part.quality * part.faces for part in group])
    others = [part for part in group if part is not best]
    crops = [*best.crops, *(crop for part in others for crop in part.crops)]
    return replace(
        best,
        start_ms=group[0].start_ms,
        end_ms=max(part.end_ms for part in group),
        faces=sum(part.faces for part in group),
        vector=pool(np.stack([part.vector for part in group]), weights),
        crops=tuple(crops[:best_faces]),
    )


def matches(
    people: Gallery, appearance_ids: Sequence[int], vectors: Vectors, card: ModelCard
) -> list[Match]:
    """The appearances within the threshold for each of these people.

    `vectors` has shape [n, dimension]; row i belongs to `appearance_ids[i]`.
    """
    person_ids = np.array(people.person_ids)
    ranked_matches = []
    for person_id in dict.fromkeys(people.person_ids):
        rows = np.flatnonzero(person_ids == person_id)
        ranked = rank(vectors, people.vectors[rows], kind=card.distance, threshold=card.threshold)
        ranked_matches += [
            Match(
                person_id=person_id,
                appearance_id=appearance_ids[close.appearance],
                reference_id=people.reference_ids[rows[close.reference]],
                distance=close.distance,
                threshold=card.threshold,
            )
            for close in ranked
        ]
    return ranked_matches
