"""A case as those see it who work on it: whom it looks for, in what footage, what came of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from errors import Purged
from pipeline.act import Caller
from pipeline.analysis.overlaps import repeats_among_all
from pipeline.judging.listed import Listed, listed
from storage.access.audit import Action
from storage.cases.cases import Case, case_to_read
from storage.cases.gallery import unmatched_people
from storage.cases.people import PersonRow, people_in
from storage.cases.references import left_out
from storage.database.database import Session, reading
from storage.jobs.listing import analyses_of_case
from storage.jobs.progress import Outcome, outcomes
from storage.jobs.states import OPEN
from storage.results.calibrations import Calibration, current
from storage.results.candidates import CandidateRow
from storage.results.case_view import (
    Photo,
    candidate_page,
    candidates_behind,
    candidates_on,
    number_of_candidates,
    photos_of_case,
)
from storage.results.decoys import Alarms, alarms
from storage.results.verdicts import (
    Key,
    Standing,
    Verdict,
    override_on,
    standings,
    verdicts_on,
)
from storage.tables import State

PAGE = 50
Spot: TypeAlias = tuple[int, int, int]
"""Person, rank and id of a candidate: where it stands among all of a case."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A case on one page."""

    case: Case
    people: list[PersonRow]
    photos: dict[int, list[Photo]]
    """By person."""
    footage: list[Outcome]
    candidates: int
    standings: Counter[Standing]
    alarms: list[Alarms]
    """What the reviewers made of decoys, where there were any."""
    is_underway: bool
    """Whether some of its footage is still to be watched, or somebody still to be compared."""


@dataclass(frozen=True, slots=True)
class Some:
    """Some of a case's candidates."""

    rows: list[Listed]
    calibrations: dict[tuple[str, float], Calibration]
    """By engine and threshold."""
    left_out: dict[str, int]
    """By name: how many appearances are no candidates, as the person's pictures are of them."""


@dataclass(frozen=True, slots=True)
class CandidatePage(Some):
    """Some of a case's candidates, and where among all of them they stand."""

    case: Case
    first: int
    """Counted from 0."""
    total: int


@dataclass(frozen=True, slots=True)
class Detail:
    """A candidate with all that is known of it."""

    case: Case
    listed: Listed
    verdicts: list[Verdict]
    override: str | None
    calibration: Calibration | None
    """Of its engine and threshold, in this case."""


def overview(caller: Caller, case_id: int) -> Overview:
    """A case, in force or ended. Raises NotAuthorised, Locked."""
    act = caller.act(Action.CASE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        people = people_in(session, case_id)
        photos = photos_of_case(session, case_id)
        footage = outcomes(session, analyses_of_case(session, case_id))
        total = number_of_candidates(session, case_id)
        found = Counter(standings(session, case_id).values())
        made_of_decoys = alarms(session, case_id)
        compared = not {one.id for one in people} & set(unmatched_people(session, now=caller.now))
    act.note(case_id)
    found[Standing.OPEN] = max(0, total - found.total())
    by_person = {one.id: [p for p in photos if p.person_id == one.id] for one in people}
    watched = not any(one.state in (*OPEN, State.MATCHING) for one in footage)
    return Overview(
        case,
        people,
        by_person,
        footage,
        total,
        found,
        made_of_decoys,
        is_underway=not (watched and compared),
    )


def page_of_candidates(caller: Caller, case_id: int, *, first: int) -> CandidatePage:
    """Fifty candidates by person and rank. Raises NotAuthorised, Locked."""
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        rows = candidate_page(session, case_id, first=first, most=PAGE)
        found = _listed(session, case_id, rows)
        total = number_of_candidates(session, case_id)
        calibrations = current(session, case_id)
        without = left_out(session, case_id)
    act.note(case_id, candidates=len(rows), appearance_ids=[one.seen.appearance_id for one in rows])
    return CandidatePage(found, calibrations, without, case, first, total)


def candidates_from(caller: Caller, case_id: int, *, behind: Spot, most: int) -> Some:
    """Candidates by person, rank and id, behind such a place. Raises NotAuthorised, Locked."""
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_to_read(session, case_id, caller.now)
        rows = candidates_behind(session, case_id, behind=behind, most=most)
        found = _listed(session, case_id, rows)
        calibrations = current(session, case_id)
        without = left_out(session, case_id)
    act.note(case_id, candidates=len(rows), appearance_ids=[one.seen.appearance_id for one in rows])
    return Some(found, calibrations, without)


def detail(caller: Caller, case_id: int, key: Key) -> Detail:
    """One candidate. Raises NotAuthorised, Locked, Purged."""
    act = caller.act(Action.CANDIDATE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        rows = [row for row in candidates_on(session, key) if row.case == case.reference]
        found = _listed(session, case_id, rows[-1:])
        given = verdicts_on(session, key)
        override = override_on(session, key)
        calibrations = current(session, case_id)
    if not found:
        raise Purged("This candidate no longer exists: it was purged, or is no longer a candidate.")
    act.note(case_id, person_id=key.person_id, appearance_id=key.appearance_id)
    row = found[0].row
    return Detail(
        case=case,
        listed=found[0],
        verdicts=given,
        override=override,
        calibration=calibrations.get((row.engine, row.threshold)),
    )


def _listed(session: Session, case_id: int, rows: Sequence[CandidateRow]) -> list[Listed]:
    return listed(rows, standings(session, case_id), repeats_among_all(session, rows))
