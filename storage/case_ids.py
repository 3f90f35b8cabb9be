"""Cases by their number, as addresses of pages name them."""

from datetime import datetime

from sqlmodel import Session

from errors import NotAuthorised
from storage import tables
from storage.cases import Case, case_in_force, find_case


def case_in_force_by_id(session: Session, case_id: int, now: datetime) -> Case:
    """`case_in_force`, for whoever knows its number."""
    return case_in_force(session, _reference(session, case_id), now)


def case_to_read_by_id(session: Session, case_id: int, now: datetime) -> Case:  # noqa: ARG001
    """The case whose results are about to be looked at; it may have ended."""
    return find_case(session, _reference(session, case_id))


def _reference(session: Session, case_id: int) -> str:
    row = session.get(tables.Case, case_id)
    if row is None:
        raise NotAuthorised("There is no such case; it may have been purged.")
    return row.reference
