"""Measure the reviewers: add the closest known non-matches to the candidates."""

from datetime import datetime

from errors import WrongUsage
from faces.matching import rank
from pipeline.act import Caller
from pipeline.context import Context
from pipeline.judging.review import Rules
from pipeline.plan import Plan
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.cases.gallery import engines_of, gallery
from storage.cases.people import people_in
from storage.database.database import Session
from storage.results.decoys import Decoy, add_decoys, remove_decoys, strangers

FARTHEST = 2.0
"""The largest distance between two unit vectors."""


def seed(
    caller: Caller,
    case_id: int,
    *,
    recording_id: int,
    number: int,
    reason: str,
    account_id: int,
    rules: Rules,
    context: Context,
) -> int:
    """Add the appearances of a recording that are closest to each person to the candidates.

    The recording must be known to show no person of interest of the case; `reason` says how this
    is known. Adds at most `number` for each person; returns how many were new. Raises
    NotAuthorised, and WrongUsage without a reason or when no face in it is usable.
    """
    if not reason.strip():
        raise WrongUsage("State how it is known that this recording shows no person of interest.")
    act, now = caller.act(Action.SETTING_CHANGED), caller.now
    with act.on(case_id) as session:
        case_in_force(session, case_id, now)
        chosen = [
            decoy
            for person in people_in(session, case_id)
            for decoy in _closest(session, person.id, recording_id, number, rules, context, now)
        ]
        if not chosen:
            raise WrongUsage("No face in this recording is usable here; choose another.")
        new = add_decoys(session, chosen, account_id=account_id, reason=reason.strip(), now=now)
        act.record(session, case_id, setting="decoys", recording_id=recording_id, decoys=new)
    return new


def stop(caller: Caller, case_id: int) -> int:
    """Remove a case's decoys; returns how many there were. Raises NotAuthorised."""
    act = caller.act(Action.SETTING_CHANGED)
    with act.on(case_id) as session:
        case_in_force(session, case_id, caller.now)
        removed = remove_decoys(session, case_id)
        act.record(session, case_id, setting="decoys", removed=removed)
    return removed


def _closest(
    session: Session,
    person_id: int,
    recording_id: int,
    number: int,
    rules: Rules,
    context: Context,
    now: datetime,
) -> list[Decoy]:
    decoys = []
    for name in engines_of(session, [person_id]):
        card = context.engine_for(Plan(engine=name)).card
        references = gallery(
            session, keys=context.media.keys, engine=name, now=now, person_ids=[person_id]
        )
        ids, vectors = strangers(
            session,
            recording_id=recording_id,
            engine=name,
            person_id=person_id,
            least_quality=rules.least_quality,
        )
        ranked = rank(vectors, references.vectors, kind=card.distance, threshold=FARTHEST)
        decoys += [
            Decoy(
                person_id,
                ids[close.appearance],
                references.reference_ids[close.reference],
                close.distance,
                card.threshold,
            )
            for close in ranked[:number]
        ]
    return decoys
