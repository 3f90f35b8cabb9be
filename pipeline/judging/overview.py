"""The overview of a case: persons of interest, footage, candidates and their review."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from errors import Purged
from pipeline.act import Caller
from pipeline.analysis.overlaps import repeats_among_all
from pipeline.judging.blind import refuse_undecided, undecided_by
from pipeline.judging.listed import Listed, listed
from pipeline.judging.review import Rules
from storage.access.audit import Action
from storage.cases.cases import Case, case_to_read
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
from storage.results.compared import Compared, compared_as_shown
from storage.results.comparisons import stale, stale_analyses
from storage.results.decoys import Alarms, alarms
from storage.results.verdicts import (
    Key,
    Standing,
    Verdict,
    counting,
    overrides,
    standings,
    verdicts_on,
)
from storage.tables import State

PAGE = 50
RULES = Rules()
Spot: TypeAlias = tuple[int, int, int]
"""Person, rank and id of a candidate: its position among all candidates of a case."""


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
    """The reviewers' verdicts on decoys, if there were any."""
    compared: list[Compared]
    """What each person was compared with."""
    to_review: int
    """How many the caller has yet to review; they are in neither number above."""
    is_underway: bool
    """Whether footage is still to be processed, or a person still to be compared."""


@dataclass(frozen=True, slots=True)
class Some:
    """Some of a case's candidates."""

    rows: list[Listed]
    calibrations: dict[tuple[str, float], Calibration]
    """By engine and threshold."""
    left_out: dict[str, int]
    """By person's name: how many appearances are not candidates because the person's reference
    photos were cut from them."""
    compared: list[Compared]
    """What each person was compared with."""
    to_review: int
    """How many are not listed because the caller has yet to review them."""


@dataclass(frozen=True, slots=True)
class CandidatePage(Some):
    """Some of a case's candidates, and their position among all of them."""

    case: Case
    first: int
    """The position of the first one, counted from 0."""
    total: int


@dataclass(frozen=True, slots=True)
class Detail:
    """A candidate with its verdicts, override and calibration."""

    case: Case
    listed: Listed
    verdicts: list[Verdict]
    """On what the candidate compares now, in the order given."""
    earlier: list[Verdict]
    """On another photo, picture or engine; they no longer count."""
    override: str | None
    calibration: Calibration | None
    """For its engine and threshold, in this case."""


def overview(caller: Caller, case_id: int, rules: Rules = RULES) -> Overview:
    """The overview of a case, in force or ended; that it was viewed is recorded.

    Candidates that the caller has yet to review are counted apart.

    Raises NotAuthorised, Locked.
    """
    act = caller.act(Action.CASE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        people = people_in(session, case_id)
        photos = photos_of_case(session, case_id)
        footage = outcomes(session, analyses_of_case(session, case_id))
        hidden = undecided_by(session, caller, case, rules)
        total = _number_shown(session, case_id, hidden)
        known = standings(session, case_id).items()
        statuses = Counter(status for key, status in known if key not in hidden)
        made_of_decoys = alarms(session, case_id)
        with_what = compared_as_shown(session, case, caller.now)
        compared = not (
            stale(session, caller.now, person_ids=[row.id for row in people])
            or stale_analyses(session)
        )
    act.note(case_id)
    statuses[Standing.OPEN] = max(0, total - statuses.total())
    by_person = {row.id: [p for p in photos if p.person_id == row.id] for row in people}
    processed = not any(row.state in (*OPEN, State.MATCHING) for row in footage)
    return Overview(
        case,
        people,
        by_person,
        footage,
        total,
        statuses,
        made_of_decoys,
        with_what,
        len(hidden),
        is_underway=not (processed and compared),
    )


def page_of_candidates(
    caller: Caller, case_id: int, *, first: int, rules: Rules = RULES
) -> CandidatePage:
    """Up to fifty candidates by person and rank, from position `first` on, counted from 0.

    Those that the caller has yet to review are left out. That they were viewed is
    recorded. Raises NotAuthorised, Locked.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        hidden = undecided_by(session, caller, case, rules)
        if hidden:
            every = _without(hidden, candidate_page(session, case_id))
            rows = every[first : first + PAGE]
        else:
            rows = candidate_page(session, case_id, first=first, most=PAGE)
        shown = _listed(session, case_id, rows)
        total = _number_shown(session, case_id, hidden)
        calibrations = current(session, case)
        omitted = left_out(session, case_id)
        with_what = compared_as_shown(session, case, caller.now)
    act.note(case_id, candidates=len(rows), appearance_ids=[row.seen.appearance_id for row in rows])
    return CandidatePage(shown, calibrations, omitted, with_what, len(hidden), case, first, total)


def candidates_from(
    caller: Caller, case_id: int, *, behind: Spot, most: int, rules: Rules = RULES
) -> Some:
    """Up to `most` candidates by person, rank and id, after the position `behind`.

    Those that the caller has yet to review are left out. That they were viewed is
    recorded. Raises NotAuthorised, Locked.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        hidden = undecided_by(session, caller, case, rules)
        enough = None if hidden else most
        every = candidates_behind(session, case_id, behind=behind, most=enough)
        rows = _without(hidden, every)[:most]
        shown = _listed(session, case_id, rows)
        calibrations = current(session, case)
        omitted = left_out(session, case_id)
        with_what = compared_as_shown(session, case, caller.now)
    act.note(case_id, candidates=len(rows), appearance_ids=[row.seen.appearance_id for row in rows])
    return Some(shown, calibrations, omitted, with_what, len(hidden))


def detail(caller: Caller, case_id: int, key: Key, rules: Rules = RULES) -> Detail:
    """One candidate; that it was viewed is recorded.

    Raises NotAuthorised, Locked, Purged when it no longer exists, and Settled when the caller has
    yet to review it.
    """
    act = caller.act(Action.CANDIDATE_VIEWED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, caller.now)
        refuse_undecided(undecided_by(session, caller, case, rules), key)
        rows = [row for row in candidates_on(session, key) if row.case == case.reference]
        shown = _listed(session, case_id, rows[-1:])
        given = verdicts_on(session, key)
        override = overrides(session, case_id).get(key)
        calibrations = current(session, case)
    if not shown:
        raise Purged("This candidate no longer exists: it was purged, or is no longer a candidate.")
    act.note(case_id, person_id=key.person_id, appearance_id=key.appearance_id)
    row = shown[0].row
    now = counting(given, row.shown)
    return Detail(
        case=case,
        listed=shown[0],
        verdicts=now,
        earlier=[verdict for verdict in given if verdict not in now and not verdict.seen.seeded],
        override=override,
        calibration=calibrations.get((row.engine, row.threshold)),
    )


def _without(hidden: Collection[Key], rows: Sequence[CandidateRow]) -> list[CandidateRow]:
    return [row for row in rows if row.key not in hidden]


def _number_shown(session: Session, case_id: int, hidden: Collection[Key]) -> int:
    if not hidden:
        return number_of_candidates(session, case_id)
    return len(_without(hidden, candidate_page(session, case_id)))


def _listed(session: Session, case_id: int, rows: Sequence[CandidateRow]) -> list[Listed]:
    return listed(rows, standings(session, case_id), repeats_among_all(session, rows))
