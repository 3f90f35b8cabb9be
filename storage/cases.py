"""Cases: what authorises a search. Without one in force, nothing is searched for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_
from sqlmodel import Session, col, select

from errors import Locked, NotAuthorised, WrongUsage
from storage import tables
from storage.audit import no_earlier
from storage.upsert import insert_if_new

URGENT = timedelta(hours=48)
"""How long an urgent case may do without the authorisation it needs."""
EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A window of footage that leaves nothing out."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """Somebody outside has allowed a search."""

    reference: str
    authority: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """What of a case may be changed; None leaves it as it is."""

    sources: Sequence[str] | None = None
    footage_from: datetime | None = None
    footage_until: datetime | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    id: int
    reference: str
    legal_basis: str
    basis_note: str
    purpose: str
    requested_by: str
    sources: tuple[str, ...]
    footage_from: datetime
    footage_until: datetime
    needs_authorisation: bool
    urgent: bool
    authorisation_reference: str | None
    authorised_by: str | None
    authorised_at: datetime | None
    authorisation_refused_at: datetime | None
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    purged_at: datetime | None
    allows_grouping: bool
    """Whether faces nobody is looking for may be grouped, within its footage."""

    @property
    def locks_at(self) -> datetime | None:
        """When its results are locked for want of an authorisation; None when never."""
        if not self.needs_authorisation or self.authorised_at is not None:
            return None
        return self.opened_at + URGENT if self.urgent else self.opened_at

    def is_locked(self, now: datetime) -> bool:
        """Whether its results may not be looked at until an authorisation is entered."""
        return self.locks_at is not None and now >= self.locks_at

    def ended_at(self, now: datetime) -> datetime | None:
        """When it ended for good: was closed, refused or expired; None while it may go on."""
        ended = self.closed_at or self.authorisation_refused_at
        return ended or (self.expires_at if now >= self.expires_at else None)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it allows a search now."""
        return self.ended_at(now) is None and not self.is_locked(now)


def in_force(now: datetime) -> ColumnElement[bool]:
    """`Case.is_in_force` for the database to apply."""
    case = tables.Case
    authorised = or_(
        col(case.needs_authorisation).is_(False),
        col(case.authorised_at).is_not(None),
        and_(col(case.urgent).is_(True), col(case.opened_at) > now - URGENT),
    )
    ended = or_(col(case.closed_at).is_not(None), col(case.authorisation_refused_at).is_not(None))
    return and_(~ended, col(case.expires_at) > now, authorised)


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
    """Open a case; opening it again on the same terms changes nothing.

    `footage_from` and `footage_until` say when its footage was recorded, `sources` where it is
    from; see `storage.scope`. Raises WrongUsage when a term is empty or makes no sense, when it
    would have expired already, or when the reference was opened on other terms.
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
    insert_if_new(session, tables.Case, reference=reference, opened_at=now, **terms)
    row = _row(session, reference)
    if any(getattr(row, name) != term for name, term in terms.items()):
        raise WrongUsage(
            f"Case {reference} was opened on other terms; use another reference, or those terms."
        )
    if authorisation is not None:
        _enter(row, authorisation)
    return as_case(row)


def find_case(session: Session, reference: str) -> Case:
    """A case, in force or not. Raises NotAuthorised when there is none."""
    return as_case(_row(session, reference))


def id_of_case(session: Session, reference: str) -> int | None:
    """The id of a case; None when there is none."""
    statement = select(tables.Case.id).where(col(tables.Case.reference) == reference)
    return session.exec(statement).one_or_none()


def case_in_force(session: Session, reference: str, now: datetime) -> Case:
    """The case that authorises what is about to be done.

    Raises NotAuthorised when it is unknown, closed, expired or was refused, Locked when it waits
    for its authorisation.
    """
    return require_in_force(find_case(session, reference), no_earlier(session, now))


def case_to_read(session: Session, reference: str, now: datetime) -> Case:
    """The case whose results are about to be looked at; it may have ended.

    Raises NotAuthorised when it is unknown or its authorisation was refused, Locked when it waits
    for its authorisation.
    """
    case = find_case(session, reference)
    _refuse_unauthorised(case, no_earlier(session, now))
    return case


def list_cases(session: Session) -> list[Case]:
    """Every case, the newest first."""
    statement = select(tables.Case).order_by(
        col(tables.Case.opened_at).desc(), col(tables.Case.id).desc()
    )
    return [as_case(row) for row in session.exec(statement)]


def close_case(session: Session, reference: str, now: datetime) -> Case:
    """Close a case; one that is closed stays as it is. Raises NotAuthorised when there is none."""
    row = _row(session, reference)
    row.closed_at = row.closed_at or now
    return as_case(row)


def authorise(session: Session, reference: str, authorisation: Authorisation) -> Case:
    """Enter the authorisation of a case; the same again changes nothing.

    Raises NotAuthorised when there is no such case or its authorisation was refused, WrongUsage
    when words are missing or another one was entered.
    """
    row = _row(session, reference)
    if row.authorisation_refused_at is not None:
        raise NotAuthorised(_refused(as_case(row)))
    _enter(row, authorisation)
    return as_case(row)


def refuse_authorisation(session: Session, reference: str, now: datetime) -> tuple[Case, int]:
    """End a case whose authorisation was refused, and erase its people with all that was found.

    The case itself stays, to say so. Returns how many people went. Raises NotAuthorised when
    there is no such case, WrongUsage when it was authorised.
    """
    row = _row(session, reference)
    if row.authorised_at is not None:
        raise WrongUsage(f"Case {reference} was authorised; close it instead.")
    row.authorisation_refused_at = row.authorisation_refused_at or now
    row.closed_at = row.closed_at or now
    session.flush()
    people = delete(tables.Person).where(col(tables.Person.case_id) == row.id)
    gone = session.exec(people.returning(col(tables.Person.id))).all()
    return as_case(row), len(gone)


def change_case(
    session: Session, reference: str, change: Change, now: datetime
) -> tuple[Case, list[str]]:
    """Give a case in force other footage or another end.

    What was authorised was the case as it stood: where one is needed, it is to be entered anew.
    Returns the names of what has changed. Raises as `case_in_force`, and WrongUsage.
    """
    case_in_force(session, reference, now)
    row = _row(session, reference)
    given = {name: getattr(change, name) for name in Change.__slots__}
    changed = {
        name: list(value) if name == "sources" else value
        for name, value in given.items()
        if value is not None
    }
    changed = {name: value for name, value in changed.items() if value != getattr(row, name)}
    _check(reference, row.model_dump() | changed, now)
    row.sqlmodel_update(changed)
    if changed and row.needs_authorisation:
        row.authorisation_reference = row.authorised_by = row.authorised_at = None
    session.flush()
    return as_case(row), sorted(changed)


def _check(reference: str, terms: Mapping[str, Any], now: datetime) -> None:
    words = [reference, *(terms[name] for name in ("legal_basis", "purpose", "requested_by"))]
    if not all(word.strip() for word in words):
        raise WrongUsage(
            "A case needs a reference, a legal basis, a purpose and who asked for it; give each."
        )
    if not terms["sources"] or not all(one.strip() for one in terms["sources"]):
        raise WrongUsage("A case needs the sources of its footage; name each.")
    if terms["footage_from"] >= terms["footage_until"]:
        raise WrongUsage("The footage of a case ends before it begins; give a later end.")
    if terms["expires_at"] <= now:
        raise WrongUsage(f"Case {reference} would have expired already; give a later time.")


def _enter(row: tables.Case, given: Authorisation) -> None:
    entered = (row.authorisation_reference, row.authorised_by, row.authorised_at)
    if not given.reference.strip() or not given.authority.strip():
        raise WrongUsage("An authorisation needs its reference and who gave it; give both.")
    if entered not in ((None, None, None), (given.reference, given.authority, given.at)):
        raise WrongUsage(f"Case {row.reference} has another authorisation already.")
    row.authorisation_reference, row.authorised_by = given.reference, given.authority
    row.authorised_at = given.at


def require_in_force(case: Case, now: datetime) -> Case:
    """The case, if it allows a search now. Raises as `case_in_force`."""
    _refuse_unauthorised(case, now)
    if case.closed_at is not None:
        raise NotAuthorised(f"Case {case.reference} was closed on {case.closed_at:%Y-%m-%d}.")
    if now >= case.expires_at:
        raise NotAuthorised(
            f"Case {case.reference} expired on {case.expires_at:%Y-%m-%d %H:%M} UTC; "
            "a search needs one in force."
        )
    return case


def _refuse_unauthorised(case: Case, now: datetime) -> None:
    if case.authorisation_refused_at is not None:
        raise NotAuthorised(_refused(case))
    if case.is_locked(now):
        raise Locked(
            f"Case {case.reference} is locked since {case.locks_at:%Y-%m-%d %H:%M} UTC; "
            "enter its authorisation on its page, or with `nightreel case authorise`."
        )


def _refused(case: Case) -> str:
    at = case.authorisation_refused_at
    return f"The authorisation of case {case.reference} was refused on {at:%Y-%m-%d}."


def _row(session: Session, reference: str) -> tables.Case:
    statement = select(tables.Case).where(col(tables.Case.reference) == reference)
    row = session.exec(statement).one_or_none()
    if row is None:
        raise NotAuthorised(f"There is no case {reference}; open it first.")
    return row


def as_case(row: tables.Case) -> Case:
    """A row as the value that others know."""
    fields = {name: getattr(row, name) for name in Case.__slots__}
    return Case(**fields | {"sources": tuple(row.sources)})
