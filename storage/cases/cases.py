"""Cases: legal basis and scope of searches. Without one in force, nothing is searched for."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col, select

from errors import Locked, NotAuthorised
from storage import tables
from storage.access.audit import no_earlier
from storage.database.moments import in_utc

URGENT = timedelta(hours=48)
"""How long an urgent case may go without the authorisation it needs."""
EVER = datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""A recording period that includes everything."""


@dataclass(frozen=True, slots=True)
class Case:
    """A case with its current state."""

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
    """Whether faces in its footage may be grouped, also of people who are not of interest."""

    @property
    def locks_at(self) -> datetime | None:
        """When its results are locked because an authorisation is missing; None if never."""
        if not self.needs_authorisation or self.authorised_at is not None:
            return None
        return self.opened_at + URGENT if self.urgent else self.opened_at

    def is_locked(self, now: datetime) -> bool:
        """Whether its results may not be viewed until an authorisation is entered."""
        return self.locks_at is not None and now >= self.locks_at

    def ended_at(self, now: datetime) -> datetime | None:
        """When it ended for good (closed, refused or expired); None if it has not ended."""
        ended = self.closed_at or self.authorisation_refused_at
        return ended or (self.expires_at if now >= self.expires_at else None)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it allows a search now."""
        return self.ended_at(now) is None and not self.is_locked(now)


def in_force(now: datetime) -> ColumnElement[bool]:
    """`Case.is_in_force` as an SQL condition."""
    case = tables.Case
    authorised = or_(
        col(case.needs_authorisation).is_(False),
        col(case.authorised_at).is_not(None),
        and_(col(case.urgent).is_(True), col(case.opened_at) > now - URGENT),
    )
    return and_(~has_ended(now), authorised)


def has_ended(now: datetime) -> ColumnElement[bool]:
    """Whether `Case.ended_at` is not None, as an SQL condition."""
    case = tables.Case
    return or_(
        col(case.closed_at).is_not(None),
        col(case.authorisation_refused_at).is_not(None),
        col(case.expires_at) <= now,
    )


def ended_before(moment: datetime) -> ColumnElement[bool]:
    """SQL condition for cases that ended before a time in the past."""
    ends = (
        tables.Case.closed_at,
        tables.Case.authorisation_refused_at,
        tables.Case.expires_at,
    )
    return or_(*(col(end) < moment for end in ends))


def find_case(session: Session, reference: str) -> Case:
    """The case with this reference, in force or not. Raises NotAuthorised if there is none."""
    row = session.exec(select(tables.Case).filter_by(reference=reference)).one_or_none()
    if row is None:
        raise NotAuthorised(f"No case {reference}; open it first.")
    return as_case(row)


def case_by_id(session: Session, case_id: int) -> Case:
    """A case, in force or not. Raises NotAuthorised if there is none."""
    return as_case(case_row(session, case_id))


def case_in_force(session: Session, case_id: int, now: datetime) -> Case:
    """The case that authorises the next action.

    Raises NotAuthorised if it is unknown, closed, expired or was refused authorisation, and Locked
    if its authorisation is still missing.
    """
    return require_in_force(case_by_id(session, case_id), no_earlier(session, now))


def case_to_read(session: Session, case_id: int, now: datetime) -> Case:
    """The case whose results are about to be read; it may have ended.

    Raises NotAuthorised if it is unknown or its authorisation was refused, and Locked if its
    authorisation is still missing.
    """
    case = case_by_id(session, case_id)
    _refuse_unauthorised(case, no_earlier(session, now))
    return case


def list_cases(session: Session) -> list[Case]:
    """All cases, newest first."""
    statement = select(tables.Case).order_by(
        col(tables.Case.opened_at).desc(), col(tables.Case.id).desc()
    )
    return [as_case(row) for row in session.exec(statement)]


def require_in_force(case: Case, now: datetime) -> Case:
    """The case, if it allows a search now. Raises as `case_in_force`."""
    _refuse_unauthorised(case, now)
    if case.closed_at is not None:
        raise NotAuthorised(f"Case {case.reference} was closed on {case.closed_at:%Y-%m-%d}.")
    if now >= case.expires_at:
        raise NotAuthorised(
            f"Case {case.reference} expired on {in_utc(case.expires_at)}; "
            "a search needs one in force."
        )
    return case


def _refuse_unauthorised(case: Case, now: datetime) -> None:
    if case.authorisation_refused_at is not None:
        raise NotAuthorised(refusal(case))
    if case.locks_at is not None and now >= case.locks_at:
        raise Locked(
            f"Case {case.reference} is locked since {in_utc(case.locks_at)}; "
            "enter its authorisation on its page, or with `nightreel case authorise`."
        )


def refusal(case: Case) -> str:
    """The error message for a case whose authorisation was refused."""
    at = case.authorisation_refused_at
    return f"The authorisation of case {case.reference} was refused on {at:%Y-%m-%d}."


def case_row(session: Session, case_id: int) -> tables.Case:
    """The row of a case. Raises NotAuthorised if there is none."""
    row = session.get(tables.Case, case_id)
    if row is None:
        raise NotAuthorised("No such case; it may have been purged.")
    return row


def as_case(row: tables.Case) -> Case:
    """The `Case` of a row."""
    fields = {name: getattr(row, name) for name in Case.__slots__}
    return Case(**fields | {"sources": tuple(row.sources)})
