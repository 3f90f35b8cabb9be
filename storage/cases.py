"""Cases: what authorises a search. Without one in force, nothing is searched for."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from errors import NotAuthorised, WrongUsage
from storage import tables
from storage.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Case:
    """A case as it stands."""

    id: int
    reference: str
    legal_basis: str
    purpose: str
    authorised_by: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    allows_grouping: bool
    """Whether faces nobody is looking for may be grouped, within its footage."""

    def is_in_force(self, now: datetime) -> bool:
        """Whether it allows a search now."""
        return self.closed_at is None and now < self.expires_at


def open_case(
    session: Session,
    *,
    reference: str,
    legal_basis: str,
    purpose: str,
    authorised_by: str,
    expires_at: datetime,
    now: datetime,
    allows_grouping: bool = False,
) -> Case:
    """Open a case; opening it again on the same terms changes nothing.

    Raises WrongUsage when a term is empty, when it would have expired already, or when the
    reference was opened on other terms.
    """
    terms = {
        "legal_basis": legal_basis,
        "purpose": purpose,
        "authorised_by": authorised_by,
        "expires_at": expires_at,
        "allows_grouping": allows_grouping,
    }
    if not all([reference.strip(), legal_basis.strip(), purpose.strip(), authorised_by.strip()]):
        raise WrongUsage(
            "A case needs a reference, a legal basis, a purpose and who authorised it; give each."
        )
    is_new = insert_if_new(session, tables.Case, reference=reference, opened_at=now, **terms)
    case = find_case(session, reference)
    if not is_new and any(getattr(case, name) != term for name, term in terms.items()):
        raise WrongUsage(
            f"Case {reference} was opened on other terms; use another reference, or those terms."
        )
    if expires_at <= now:
        raise WrongUsage(f"Case {reference} would have expired already; give a later time.")
    return case


def find_case(session: Session, reference: str) -> Case:
    """A case, in force or not. Raises NotAuthorised when there is none."""
    statement = select(tables.Case).where(col(tables.Case.reference) == reference)
    row = session.exec(statement).one_or_none()
    if row is None:
        raise NotAuthorised(f"There is no case {reference}; open it first.")
    return _case(row)


def case_in_force(session: Session, reference: str, now: datetime) -> Case:
    """The case that authorises what is about to be done.

    Raises NotAuthorised when it is unknown, closed or expired.
    """
    case = find_case(session, reference)
    if case.closed_at is not None:
        raise NotAuthorised(f"Case {reference} was closed on {case.closed_at:%Y-%m-%d}.")
    if not case.is_in_force(now):
        raise NotAuthorised(
            f"Case {reference} expired on {case.expires_at:%Y-%m-%d %H:%M} UTC; "
            "a search needs one in force."
        )
    return case


def list_cases(session: Session) -> list[Case]:
    """Every case, the newest first."""
    statement = select(tables.Case).order_by(
        col(tables.Case.opened_at).desc(), col(tables.Case.id).desc()
    )
    return [_case(row) for row in session.exec(statement)]


def close_case(session: Session, reference: str, now: datetime) -> Case:
    """Close a case; one that is closed stays as it is. Raises NotAuthorised when there is none."""
    statement = select(tables.Case).where(col(tables.Case.id) == find_case(session, reference).id)
    row = session.exec(statement).one()
    row.closed_at = row.closed_at or now
    return _case(row)


def _case(row: tables.Case) -> Case:
    return Case(**row.model_dump())
