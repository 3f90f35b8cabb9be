"""Which footage a search looks at: conditions that the database applies with the search."""

import os
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, literal, or_, true
from sqlmodel import Session, col, select

from storage.tables import CaseRecording, Recording


@dataclass(frozen=True, slots=True)
class Scope:
    """What is not given narrows nothing."""

    case_id: int | None = None
    """Only footage that was added for this case."""
    source: str = ""
    """A part of the recording's name or path, capitals as they are."""
    added_from: datetime | None = None
    added_until: datetime | None = None
    """When the recording was added; the end is not included."""


def has_footage(session: Session, case_id: int) -> bool:
    """Whether any footage was added for a case."""
    of_case = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case_id)
    return session.exec(of_case.limit(1)).first() is not None


def within(session: Session, scope: Scope) -> ColumnElement[bool]:
    """The recordings that a scope names, by case and by filters."""
    return and_(of_case(scope), filtered(session, scope))


def of_case(scope: Scope) -> ColumnElement[bool]:
    """The recordings that the case allows."""
    if scope.case_id is None:
        return true()
    allowed = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == scope.case_id)
    return col(Recording.id).in_(allowed)


def filtered(session: Session, scope: Scope) -> ColumnElement[bool]:
    """The recordings that the filters leave."""
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.added_from is not None:
        conditions.append(col(Recording.added_at) >= scope.added_from)
    if scope.added_until is not None:
        conditions.append(col(Recording.added_at) < scope.added_until)
    if scope.source:
        conditions.append(_comes_from(session, scope.source))
    return and_(*conditions)


def _comes_from(session: Session, part: str) -> ColumnElement[bool]:
    in_path = os.fsencode(part)
    in_name = in_path.decode(errors="replace")  # as names are stored
    return or_(_holds(session, Recording.name, in_name), _holds(session, Recording.path, in_path))


def _holds(session: Session, column: str | bytes, part: str | bytes) -> ColumnElement[bool]:
    # LIKE would mind capitals on one database and not on the other, and knows no bytes.
    if session.get_bind().dialect.name == "sqlite":
        return func.instr(col(column), part) > 0
    return func.position(literal(part).op("in")(col(column))) > 0
