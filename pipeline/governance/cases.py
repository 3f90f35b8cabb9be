"""Open, authorise, change and close cases."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

from errors import WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.access.chain import stamp
from storage.cases import case_terms, cases
from storage.cases.case_terms import Authorisation, Change
from storage.cases.cases import EVER, Case, case_by_id, case_in_force
from storage.cases.legal_bases import Policy
from storage.cases.people import PersonRow, people_in
from storage.database.database import reading, writing
from storage.results.ranking import forget_candidates_outside


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a new case."""

    legal_basis: str
    """A code from the organisation's list of legal bases."""
    purpose: str
    requested_by: str
    sources: Sequence[str]
    """Which footage the case covers; see `storage.cases.sources`."""
    expires_at: datetime
    footage_from: datetime = EVER[0]
    footage_until: datetime = EVER[1]
    """The recording period."""
    basis_note: str = ""
    urgent: bool = False
    """Started without the authorisation that its legal basis requires."""
    allows_grouping: bool = False


def find_case(caller: Caller, reference: str, action: Action) -> int:
    """The id of the case with this reference, for an act on it.

    Raises NotAuthorised when there is no such case, which is recorded as a refusal of the act, and
    StoreUnavailable.
    """
    with caller.act(action).refusals(None), reading(caller.database) as session:
        return cases.find_case(session, reference).id


def open_case(
    caller: Caller,
    reference: str,
    terms: Terms,
    *,
    policy: Policy,
    authorisation: Authorisation | None = None,
) -> Case:
    """Open a case within the organisation's policy; the same call again changes nothing.

    Raises WrongUsage, StoreUnavailable.
    """
    basis, now = policy.basis(terms.legal_basis), caller.now
    _refuse_too_long(terms.expires_at, policy, now)
    if terms.urgent and not basis.needs_authorisation:
        raise WrongUsage(f"{basis.code} needs no authorisation; do not mark the case as urgent.")
    with writing(caller.database) as session:
        case = case_terms.open_case(
            session,
            reference=reference,
            now=now,
            needs_authorisation=basis.needs_authorisation,
            authorisation=authorisation,
            **{field.name: getattr(terms, field.name) for field in fields(terms)},
        )
        caller.act(Action.CASE_OPENED).record(
            session,
            case.id,
            basis=basis.code,
            urgent=case.urgent,
            authorised=case.authorised_at is not None,
            expires=stamp(case.expires_at),
        )
    return case


def authorise(caller: Caller, case_id: int, given: Authorisation) -> Case:
    """Enter the authorisation of a case. Raises NotAuthorised, WrongUsage, StoreUnavailable."""
    act = caller.act(Action.CASE_AUTHORISED)
    with act.on(case_id) as session:
        case = case_terms.authorise(session, case_id, given)
        act.record(session, case.id)
    return case


def refuse_authorisation(caller: Caller, case_id: int) -> Case:
    """End a case whose authorisation was refused; delete its persons of interest and results.

    Raises NotAuthorised, WrongUsage, StoreUnavailable.
    """
    act = caller.act(Action.AUTHORISATION_REFUSED)
    with act.on(case_id) as session:
        case, people = case_terms.refuse_authorisation(session, case_id, caller.now)
        act.record(session, case.id, people=people)
    return case


def change_case(caller: Caller, case_id: int, change: Change, *, policy: Policy) -> Case:
    """Change the scope or expiry of a case in force.

    When the scope changes, candidates outside it are deleted at once, and the case's people are
    to be compared again. Raises NotAuthorised, WrongUsage, StoreUnavailable.
    """
    if change.expires_at is not None:
        _refuse_too_long(change.expires_at, policy, caller.now)
    act = caller.act(Action.CASE_CHANGED)
    with act.on(case_id) as session:
        case, changed = case_terms.change_case(session, case_id, change, caller.now)
        if set(changed) - {"expires_at"}:
            forget_candidates_outside(session, case)
        act.record(session, case.id, **dict.fromkeys(changed, True))
    return case


def close_case(caller: Caller, case_id: int) -> Case:
    """Close a case. Raises NotAuthorised when there is none, StoreUnavailable."""
    act = caller.act(Action.CASE_CLOSED)
    with act.on(case_id) as session:
        case = case_terms.close_case(session, case_id, caller.now)
        act.record(session, case.id)
    return case


def require_case(caller: Caller, case_id: int, action: Action) -> Case:
    """The case, which must be in force for an act; a refusal is recorded as a refusal of the act.

    Raises as `storage.cases.cases.case_in_force`, and StoreUnavailable.
    """
    with caller.act(action).refusals(case_id), reading(caller.database) as session:
        return case_in_force(session, case_id, caller.now)


def list_cases(caller: Caller) -> list[Case]:
    """Every case, the newest first; that they were viewed is recorded. Raises StoreUnavailable."""
    with writing(caller.database) as session:
        all_cases = cases.list_cases(session)
        caller.act(Action.CASE_VIEWED).record(session, None, cases=len(all_cases))
    return all_cases


def look_at_case(caller: Caller, case_id: int) -> tuple[Case, list[PersonRow]]:
    """A case and its persons of interest; that it was viewed is recorded.

    Raises NotAuthorised when there is no such case, StoreUnavailable.
    """
    act = caller.act(Action.CASE_VIEWED)
    with act.on(case_id) as session:
        case = case_by_id(session, case_id)
        people = people_in(session, case.id)
        act.record(session, case.id, people=len(people))
    return case, people


def every_case(caller: Caller) -> list[Case]:
    """Every case, the newest first, for names and selection lists; this is not recorded."""
    with reading(caller.database) as session:
        return cases.list_cases(session)


def cases_in_force(caller: Caller) -> list[Case]:
    """The cases of `every_case` that are in force now."""
    return [case for case in every_case(caller) if case.is_in_force(caller.now)]


def case_with_id(caller: Caller, case_id: int, action: Action) -> Case:
    """The case with this id, in force or not, for an act on it.

    Raises NotAuthorised when there is no such case, which is recorded as a refusal of the act, and
    StoreUnavailable.
    """
    with caller.act(action).refusals(case_id), reading(caller.database) as session:
        return case_by_id(session, case_id)


def _refuse_too_long(expires_at: datetime, policy: Policy, now: datetime) -> None:
    if expires_at > now + timedelta(days=policy.most_days):
        raise WrongUsage(
            f"A case is valid for at most {policy.most_days} days (NIGHTREEL_CASE_MAX_DAYS); "
            "choose fewer."
        )
