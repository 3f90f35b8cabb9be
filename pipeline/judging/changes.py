"""How a case's candidates changed when its people were compared again."""

from datetime import datetime

from errors import WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.cases.case_ids import case_to_read_by_id
from storage.cases.cases import Case, case_to_read
from storage.cases.people import find_person
from storage.database.database import Engine, Session, reading
from storage.results.changes import Changes, changes
from storage.results.rematches import exists

CAUSES = {
    "added": "a photo was added",
    "withdrawn": "a photo was withdrawn",
    "model": "another engine is in use",
    "threshold": "another threshold is in use",
}
"""Why people were compared again, in words."""


def view_changes(
    case: str | int,
    *,
    engine: str,
    person: str = "",
    since: int | None = None,
    database: Engine,
    actor: str,
    now: datetime,
) -> Changes:
    """What the last run changed for each of a case's people, or all runs after `since` together.

    Of one person only if a name is given. A case is named by its reference or its id. Raises
    NotAuthorised, Locked, and WrongUsage where the case looks for nobody of that name or has no
    such run.
    """
    act = Caller(database, actor, now).act(Action.CANDIDATES_VIEWED)
    with act.refusals(case), reading(database) as session:
        case_id = _readable(session, case, now).id
        person_id = find_person(session, case_id, person) if person else None
        if since and not exists(session, since, case_id=case_id):
            raise WrongUsage(f"No run {since} in this case; `nightreel changes` shows the last.")
        found = changes(session, case_id, engine=engine, person_id=person_id, since=since)
    act.note(case_id, what="changes", runs=len(found.rematches))
    return found


def _readable(session: Session, case: str | int, now: datetime) -> Case:
    if isinstance(case, int):
        return case_to_read_by_id(session, case, now)
    return case_to_read(session, case, now)
