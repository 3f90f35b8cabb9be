"""View the candidates of a case; every view is recorded."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from pipeline.act import Caller
from pipeline.judging.listed import Listed, each_listed
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.cases.cases import case_to_read
from storage.cases.references import left_out
from storage.database.database import reading
from storage.results import candidates as stored
from storage.results.calibrations import Calibration, current
from storage.results.candidates import CandidateRow


@dataclass(frozen=True, slots=True)
class Found:
    """The candidates of a case, and the facts shown with a list of them."""

    candidates: list[Listed]
    """By person and rank."""
    calibrations: Mapping[tuple[str, float], Calibration]
    """By engine and threshold."""
    left_out: Mapping[str, int]
    """By person's name: how many appearances are not candidates because reference photos were cut
    from them."""


def view_candidates(caller: Caller, case_id: int, analysis_ids: Collection[int]) -> Found:
    """A case's candidates in these analyses; that they were viewed is recorded.

    Raises NotAuthorised when there is no such case, Locked while its authorisation is missing.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_to_read(session, case_id, caller.now)
        rows = stored.candidates(session, case_id=case_id, analysis_ids=analysis_ids)
        listed = list(each_listed(session, case_id, rows))
        found = Found(listed, current(session, case_id), left_out(session, case_id))
    act.note(case_id, **as_logged(rows))
    return found


def as_logged(found: Collection[CandidateRow]) -> dict[str, JsonValue]:
    """The objects of an audit entry on viewed candidates."""
    return {
        "candidates": len(found),
        "appearance_ids": [row.seen.appearance_id for row in found],
        "person_ids": sorted({row.person_id for row in found}),
        "recording_ids": sorted({row.seen.recording_id for row in found}),
        "plan_keys": sorted({row.seen.plan for row in found}),
    }
