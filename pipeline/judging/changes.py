"""Changes to a case's candidates since its people were last compared."""

from dataclasses import dataclass, replace

from errors import WrongUsage
from pipeline.act import Caller
from pipeline.judging.blind import undecided_by
from pipeline.judging.review import Rules
from storage.access.audit import Action
from storage.cases.cases import Case, case_to_read
from storage.cases.people import find_person
from storage.database.database import reading
from storage.results.changes import Changes, changes
from storage.results.rematches import exists

RULES = Rules()
CAUSES = {
    "added": "a photo was added",
    "withdrawn": "a photo was withdrawn",
    "model": "another engine is in use",
    "threshold": "another threshold is in use",
}
"""The reasons for a rematch, in words."""


@dataclass(frozen=True, slots=True)
class CaseChanges:
    """A case, and how rematches changed its candidates."""

    case: Case
    changes: Changes
    to_review: int
    """How many candidates the caller has yet to review; changes to them are left out."""


def view_changes(
    caller: Caller,
    case_id: int,
    *,
    engine: str,
    person: str = "",
    since: int | None = None,
    rules: Rules = RULES,
) -> CaseChanges:
    """The changes by the last rematch of each person, or by all rematches after `since`.

    `person` is a name and limits them to one person. Changes to candidates that the caller has yet
    to review are left out. That they were viewed is recorded. Raises
    NotAuthorised, Locked, and WrongUsage if the case has no person of that name or no run `since`.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        person_id = find_person(session, case_id, person) if person else None
        if since and not exists(session, since, case_id=case_id):
            raise WrongUsage(f"No run {since} in this case; `nightreel changes` shows the last.")
        found = changes(session, case_id, engine=engine, person_id=person_id, since=since)
        hidden = undecided_by(session, caller, case, rules)
    act.note(case_id, what="changes", runs=len(found.rematches))
    shown = [change for change in found.changes if change.key not in hidden]
    return CaseChanges(case, replace(found, changes=shown), len(hidden))
