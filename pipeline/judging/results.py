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
from storage.jobs.listing import analyses_concerning
from storage.results import candidates as stored
from storage.results.calibrations import Calibration, current
from storage.results.candidates import CandidateRow
from storage.results.compared import Compared, compared_as_shown


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
    compared: list[Compared]
    """What each person was compared with, in the whole footage of the case."""
    analyses: list[int]
    """The analyses whose candidates these are, in footage of the case."""


def view_candidates(
    caller: Caller, case_id: int, analysis_ids: Collection[int] | None = None
) -> Found:
    """A case's candidates in all its footage, or in these analyses; that they were viewed is
    recorded.

    Raises NotAuthorised when there is no such case, Locked while its authorisation is missing.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        analyses = analyses_concerning(session, case)
        if analysis_ids is not None:
            analyses = sorted(set(analyses).intersection(analysis_ids))
        rows = stored.candidates(session, case_id=case_id, analysis_ids=analysis_ids)
        found = Found(
            list(each_listed(session, case_id, rows)),
            current(session, case),
            left_out(session, case_id),
            compared_as_shown(session, case, caller.now),
            analyses,
        )
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
