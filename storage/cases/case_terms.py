"""Open, change, authorise and end cases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlmodel import Session, col, select

from errors import NotAuthorised, WrongUsage
from storage import tables
from storage.cases.cases import EVER, Case, as_case, case_in_force, case_row, refusal
from storage.cases.sources import check_sources
from storage.database.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Authorisation:
    """The authorisation of a search by an outside authority."""

    reference: str
    authority: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """New values for the terms of a case that may be changed; None leaves a term as it is."""

    sources: Sequence[str] | None = None
    footage_from: datetime | None = None
    footage_until: datetime | None = None
    expires_at: datetime | None = None


def open_case(
    session: Session,
    *,
    reference: str,
    legal_basis: str,
    purpose: str,
    requested_by: str,
    sources: Sequence[str],
    expires_at: datetime,
    now: datetime,
    allows_grouping: bool = False,
    footage_from: datetime = EVER[0],
    footage_until: datetime = EVER[1],
    basis_note: str = "",
    needs_authorisation: bool = False,
    urgent: bool = False,
    authorisation: Authorisation | None = None,
) -> Case:
    """Open a case; opening it again with the same terms changes nothing.

    `footage_from` and `footage_until` are the recording period of its footage, `sources` where it
    is from; see `storage.cases.sources`. Raises WrongUsage when a term is empty or invalid, when
    the case would already have expired, or when the reference exists with other terms.
    """
    terms = {
        "legal_basis": legal_basis,
        "basis_note": basis_note,
        "purpose": purpose,
        "requested_by": requested_by,
        "sources": list(sources),
        "footage_from": footage_from,
        "footage_until": footage_until,
        "needs_authorisation": needs_authorisation,
        "urgent": urgent,
        "expires_at": expires_at,
        "allows_grouping": allows_grouping,
    }
    _check(reference, terms, now)
    check_sources(sources)
    insert_if_new(session, tables.Case, reference=reference, opened_at=now, **terms)
    row = session.exec(select(tables.Case).filter_by(reference=reference)).one()
    if any(getattr(row, name) != term for name, term in terms.items()):
        raise WrongUsage(
            f"Case {reference} already exists with other terms; use another reference."
        )
    if authorisation is not None:
        _enter(row, authorisation)
    return as_case(row)


def close_case(session: Session, case_id: int, now: datetime) -> Case:
    """Close a case; one that is closed stays as it is. Raises NotAuthorised when there is none."""
    row = case_row(session, case_id)
    row.closed_at = row.closed_at or now
    return as_case(row)


def authorise(session: Session, case_id: int, authorisation: Authorisation) -> Case:
    """Enter the authorisation of a case; the same again changes nothing.

    Raises NotAuthorised when there is no such case or its authorisation was refused, WrongUsage
    when a field is empty or a different authorisation was entered.
    """
    row = case_row(session, case_id)
    if row.authorisation_refused_at is not None:
        raise NotAuthorised(refusal(as_case(row)))
    _enter(row, authorisation)
    return as_case(row)


def refuse_authorisation(session: Session, case_id: int, now: datetime) -> tuple[Case, int]:
    """End a case whose authorisation was refused, and delete its people with all their results.

    The case itself stays, as a record. Returns the case and the number of people deleted. Raises
    NotAuthorised when there is no such case, WrongUsage when it was authorised.
    """
    row = case_row(session, case_id)
    if row.authorised_at is not None:
        raise WrongUsage(f"Case {row.reference} was authorised; close it instead.")
    row.authorisation_refused_at = row.authorisation_refused_at or now
    row.closed_at = row.closed_at or now
    session.flush()
    people = delete(tables.Person).where(col(tables.Person.case_id) == row.id)
    gone = session.exec(people.returning(col(tables.Person.id))).all()
    return as_case(row), len(gone)


def change_case(
    session: Session, case_id: int, change: Change, now: datetime
) -> tuple[Case, list[str]]:
    """Change the footage or the expiry of a case in force.

    An authorisation covers the case as it was: if one is needed, it must be entered again. Returns
    the case and the names of the changed terms. Raises as `case_in_force`, and WrongUsage.
    """
    case_in_force(session, case_id, now)
    row = case_row(session, case_id)
    given = {name: getattr(change, name) for name in Change.__slots__}
    changed = {
        name: list(value) if name == "sources" else value
        for name, value in given.items()
        if value is not None
    }
    changed = {name: value for name, value in changed.items() if value != getattr(row, name)}
    _check(row.reference, row.model_dump() | changed, now)
    check_sources(changed.get("sources", ()), kept=row.sources)
    row.sqlmodel_update(changed)
    if changed and row.needs_authorisation:
        row.authorisation_reference = row.authorised_by = row.authorised_at = None
    session.flush()
    return as_case(row), sorted(changed)


def _check(reference: str, terms: Mapping[str, Any], now: datetime) -> None:
    words = [reference, *(terms[name] for name in ("legal_basis", "purpose", "requested_by"))]
    if not all(word.strip() for word in words):
        raise WrongUsage(
            "A case needs a reference, a legal basis, a purpose and a requester; enter each."
        )
    if not terms["sources"] or not all(source.strip() for source in terms["sources"]):
        raise WrongUsage("A case needs at least one footage source; enter each.")
    if terms["footage_from"] >= terms["footage_until"]:
        raise WrongUsage("The recording period ends before it begins; give a later end.")
    if terms["expires_at"] <= now:
        raise WrongUsage(f"Case {reference} would have expired already; give a later time.")


def _enter(row: tables.Case, given: Authorisation) -> None:
    entered = (row.authorisation_reference, row.authorised_by, row.authorised_at)
    if not given.reference.strip() or not given.authority.strip():
        raise WrongUsage("An authorisation needs its reference and who gave it; enter both.")
    if entered not in ((None, None, None), (given.reference, given.authority, given.at)):
        raise WrongUsage(f"Case {row.reference} has another authorisation already.")
    row.authorisation_reference, row.authorised_by = given.reference, given.authority
    row.authorised_at = given.at
