"""Cases by their number, as addresses of pages name them."""

from datetime import datetime

from sqlmodel import Session

from errors import NotAuthorised
from storage import tables
from storage.cases.cases import Case, as_case, case_in_force, case_to_read


def case_by_id(session: Session, case_id: int) -> Case:
    """A case, in force or not. Raises NotAuthorised when there is none."""
    return as_case(_row(session, case_id))


def case_in_force_by_id(session: Session, case_id: int, now: datetime) -> Case:
    """`case_in_force`, for whoever knows its number."""
    return case_in_force(session, _reference(session, case_id), now)


def case_to_read_by_id(session: Session, case_id: int, now: datetime) -> Case:
    """`case_to_read`, for whoever knows its number."""
    return case_to_read(session, _reference(session, case_id), now)


def _reference(session: Session, case_id: int) -> str:
    return _row(session, case_id).reference


def _row(session: Session, case_id: int) -> tables.Case:
    row = session.get(tables.Case, case_id)
    if row is None:
        raise NotAuthorised("No such case; it may have been purged.")
    return row
