"""Look at what was found: only while the case allows it, and never without a trace."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime

from errors import NotAuthorised
from pipeline.act import Act, Caller
from pipeline.judging.listed import Listed, each_listed
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.cases.cases import case_in_force, case_to_read
from storage.database.database import Engine, reading
from storage.results import candidates as stored
from storage.results.candidates import CandidateRow


def view_candidates(
    case: str,
    analysis_ids: Collection[int],
    *,
    actor: str,
    database: Engine,
    now: datetime,
) -> list[Listed]:
    """A case's candidates in these analyses, by person and rank.

    Raises NotAuthorised when there is no such case, Locked when it waits for its authorisation.
    """
    act = Caller(database, actor, now).act(Action.CANDIDATES_VIEWED)
    with act.refusals(case), reading(database) as session:
        authority = case_to_read(session, case, now)
        rows = stored.candidates(session, case=case, analysis_ids=analysis_ids)
        found = list(each_listed(session, authority.id, rows))
    act.note(authority.id, **as_logged(rows))
    return found


def as_logged(found: Collection[CandidateRow]) -> dict[str, JsonValue]:
    """What the audit log says of candidates that somebody has looked at."""
    return {
        "candidates": len(found),
        "appearance_ids": [one.seen.appearance_id for one in found],
        "person_ids": sorted({one.person_id for one in found}),
        "recording_ids": sorted({one.seen.recording_id for one in found}),
        "plan_keys": sorted({one.seen.plan for one in found}),
    }


@contextmanager
def exporting(
    case: str, *, with_vectors: bool, actor: str, database: Engine, now: datetime
) -> Iterator[Act]:
    """Let results be taken elsewhere; whoever does it notes what was taken.

    Without a case nothing of one may be among them. Raises NotAuthorised, Locked.
    """
    act = Caller(database, actor, now).act(Action.EXPORTED)
    with act.refusals(case):
        if with_vectors and not case:
            raise NotAuthorised("Vectors are biometric data; name a case in force with --case.")
        if case:
            with reading(database) as session:
                look_up = case_in_force if with_vectors else case_to_read
                look_up(session, case, now)
        yield act
