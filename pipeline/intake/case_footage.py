"""Add recordings of the archive to a case's own footage, and remove them."""

from pipeline.act import Caller
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.jobs.listing import people_of_case
from storage.results.case_footage import add_footage, remove_footage


def add(caller: Caller, case_id: int, recording_id: int) -> list[int]:
    """Add a recording to the own footage of a case in force.

    Returns the ids of the case's people, who are to be compared with it; none if the case had the
    recording already. Raises NotAuthorised, NotFound, StoreUnavailable.
    """
    act = caller.act(Action.RECORDING_ADDED)
    with act.on(case_id) as session:
        case = case_in_force(session, case_id, caller.now)
        is_new = add_footage(session, case, recording_id)
        people = [id for id, _ in people_of_case(session, case_id)] if is_new else []
        act.record(session, case_id, recording_id=recording_id, known_before=not is_new)
    return people


def remove(caller: Caller, case_id: int, recording_id: int) -> int:
    """Remove a recording from a case in force, with the candidates outside its new scope.

    Returns the number of removed candidates. Raises NotAuthorised, NotFound, StoreUnavailable.
    """
    act = caller.act(Action.CASE_CHANGED)
    with act.on(case_id) as session:
        case = case_in_force(session, case_id, caller.now)
        removed = remove_footage(session, case, recording_id)
        act.record(
            session, case_id, what="footage-removed", recording_id=recording_id, candidates=removed
        )
    return removed
