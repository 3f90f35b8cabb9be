"""Which recordings of the archive a case has for its own."""

from pipeline.act import Caller
from storage.access.audit import Action
from storage.cases.cases import case_in_force
from storage.jobs.listing import people_of_case
from storage.results.case_footage import add_footage, remove_footage


def add(caller: Caller, case_id: int, recording_id: int) -> list[int]:
    """Add a recording for a case in force.

    Returns the ids of its people, who are to be compared with it; nobody where the case had it.
    Raises NotAuthorised, NotFound, StoreUnavailable.
    """
    act = caller.act(Action.RECORDING_ADDED)
    with act.on(case_id) as session:
        case = case_in_force(session, case_id, caller.now)
        is_new = add_footage(session, case, recording_id)
        people = [id for id, _ in people_of_case(session, case_id)] if is_new else []
        act.record(session, case_id, recording_id=recording_id, known_before=not is_new)
    return people


def remove(caller: Caller, case_id: int, recording_id: int) -> int:
    """Take a recording from a case in force, with the candidates that it allows no more.

    Returns how many those were. Raises NotAuthorised, NotFound, StoreUnavailable.
    """
    act = caller.act(Action.CASE_CHANGED)
    with act.on(case_id) as session:
        case = case_in_force(session, case_id, caller.now)
        gone = remove_footage(session, case, recording_id)
        act.record(
            session, case_id, what="footage-removed", recording_id=recording_id, candidates=gone
        )
    return gone
