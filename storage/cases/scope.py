"""Which footage a search covers, as conditions that the database applies."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.cases.cases import EVER, Case
from storage.cases.sources import ADDED, ARCHIVE, KEYWORDS, comes_from, has_text
from storage.database.batches import batches
from storage.database.moments import milliseconds
from storage.tables import Analysis, Appearance, CaseRecording, Recording

_AN_HOUR_MS = 3_600_000
"""Far more than an appearance can end after the measured end of its recording."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which recordings a search covers, by case and filters; the default is all."""

    case: Case | None = None
    """Only footage of its sources, recorded in its window; see `of_case`."""
    own_only: bool = False
    """Only footage that was added for the case."""
    source: str = ""
    """A part of the recording's name or path, case-sensitive: a filter, unlike the sources of a
    case."""
    added_from: datetime | None = None
    added_until: datetime | None = None
    """When the recording was added; the end is excluded."""


EVERYWHERE = Scope()


def covers_own_only(case: Case) -> bool:
    """Whether the case covers only footage that was added for it."""
    return set(case.sources) == {ADDED}


def has_footage(session: Session, case_id: int) -> bool:
    """Whether any footage was added for a case."""
    of_case = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case_id)
    return session.exec(of_case.limit(1)).first() is not None


def within(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for the recordings within a scope, by case and filters."""
    return and_(of_case(session, scope), filtered(session, scope))


def analyses(session: Session, scope: Scope) -> list[int]:
    """The ids of the analyses of the recordings within a scope.

    A list of ids lets the database estimate how many rows it has to read; from a condition on names
    it cannot.
    """
    return list(session.exec(select(Analysis.id).join(Recording).where(within(session, scope))))


def of_case(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for the recordings that the case covers: of its sources, overlapping its window.

    A source is a folder, `ADDED` or `ARCHIVE`; see `storage.cases.sources`. Footage added for the
    case is always covered by its sources, and by its window also if nobody says when it was
    recorded.
    """
    if scope.case is None:
        return true()
    return and_(_of_sources(session, scope, scope.case), _recorded_within(scope.case))


def undated(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for recordings of the case's sources whose recording time is unknown."""
    if scope.case is None:
        return false()
    return and_(_of_sources(session, scope, scope.case), col(Recording.captured_ms).is_(None))


def of_sources(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for recordings of the case's sources, whenever they were recorded."""
    return true() if scope.case is None else _of_sources(session, scope, scope.case)


def concerned(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for the recordings that a case names: those it covers, those that it may cover as
    nobody says when they were recorded, and those that were added for it."""
    return or_(of_case(session, scope), undated(session, scope), own(scope))


def own(scope: Scope) -> ColumnElement[bool]:
    """Condition for recordings that were added for the case."""
    return false() if scope.case is None else _own(scope.case)


def in_window(case: Case | None) -> ColumnElement[bool]:
    """Condition for appearances recorded in a case's window, or at an unknown time."""
    if case is None or _is_any_time(case):
        return true()
    recorded_ms = col(Recording.captured_ms)
    inside = _overlaps(
        case, recorded_ms + col(Appearance.start_ms), recorded_ms + col(Appearance.end_ms)
    )
    return or_(recorded_ms.is_(None), inside)


def outside_window(session: Session, scope: Scope) -> SelectOfScalar[int]:
    """Selects the ids of appearances in recordings of a scope that are not `in_window`."""
    every = (
        select(Appearance.id)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
    )
    if scope.case is None or _is_any_time(scope.case):
        return every.where(false())
    # Filters recordings, too: of those fully inside the window, no appearance needs to be read.
    begins = col(Recording.captured_ms)
    reaches_out = or_(
        begins < milliseconds(scope.case.footage_from),
        begins + col(Recording.duration_ms) + _AN_HOUR_MS >= milliseconds(scope.case.footage_until),
    )
    return every.where(within(session, scope), reaches_out, ~in_window(scope.case))


def appearances(session: Session, scope: Scope) -> SelectOfScalar[int]:
    """Selects the ids of the appearances within a scope, by case, window and filters."""
    return (
        select(Appearance.id)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(within(session, scope), in_window(scope.case))
    )


def allowed(session: Session, case: Case, appearance_ids: Collection[int]) -> set[int]:
    """Those of these appearances that a case covers."""
    statement = appearances(session, Scope(case))
    return {
        id
        for batch in batches(appearance_ids)
        for id in session.exec(statement.where(col(Appearance.id).in_(batch)))
    }


def _of_sources(session: Session, scope: Scope, case: Case) -> ColumnElement[bool]:
    if scope.own_only:
        return _own(case)
    named = [comes_from(session, source) for source in case.sources if source not in KEYWORDS]
    return true() if ARCHIVE in case.sources else or_(_own(case), *named)


def _own(case: Case) -> ColumnElement[bool]:
    added = select(CaseRecording.recording_id).where(col(CaseRecording.case_id) == case.id)
    return col(Recording.id).in_(added)


def _recorded_within(case: Case) -> ColumnElement[bool]:
    if _is_any_time(case):
        return true()
    recorded_ms = col(Recording.captured_ms)
    inside = _overlaps(case, recorded_ms + 0, recorded_ms + col(Recording.duration_ms))
    return or_(and_(recorded_ms.is_(None), _own(case)), inside)


def _overlaps(
    case: Case, began_ms: ColumnElement[Any], ended_ms: ColumnElement[Any]
) -> ColumnElement[bool]:
    return and_(
        began_ms < milliseconds(case.footage_until), ended_ms >= milliseconds(case.footage_from)
    )


def _is_any_time(case: Case) -> bool:
    return (case.footage_from, case.footage_until) == EVER


def filtered(session: Session, scope: Scope) -> ColumnElement[bool]:
    """Condition for the recordings that the filters keep."""
    conditions: list[ColumnElement[bool]] = [true()]
    if scope.added_from is not None:
        conditions.append(col(Recording.added_at) >= scope.added_from)
    if scope.added_until is not None:
        conditions.append(col(Recording.added_at) < scope.added_until)
    if scope.source:
        conditions.append(has_text(session, scope.source))
    return and_(*conditions)
