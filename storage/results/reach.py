"""How much of the archive a search looked at, and how much it did not."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlmodel import Session, col

from storage.cases.scope import Scope, filtered, of_case, undated
from storage.database.batches import batches
from storage.jobs.progress import outcomes
from storage.jobs.states import GIVEN_UP, SEARCHABLE
from storage.tables import Analysis, Plan, Recording, State


class Unsearched(StrEnum):
    """Why a recording was not searched."""

    OUTSIDE_CASE = "outside the case"
    UNDATED = "recording time unknown"
    """Its source is one of the case's; it may be of the case's window."""
    OUTSIDE_FILTERS = "outside the search filters"
    NOT_PROCESSED = "not processed yet"
    FAILED = "could not be decoded"
    CANCELLED = "cancelled"
    OTHER_ENGINE = "processed by another engine"
    ERASED = "bystanders purged"
    IMPORTED = "imported faces only"


@dataclass(frozen=True, slots=True)
class Extent:
    """How many recordings, and how long they are together."""

    recordings: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Every recording of the archive is either searched or counted under one reason."""

    searched: Extent
    gaps_ms: int
    """How much of the searched recordings could not be looked at."""
    not_searched: dict[Unsearched, Extent]


@dataclass(frozen=True, slots=True)
class _Footage:
    duration_ms: int
    why_not: Unsearched | None
    with_gaps: tuple[int, ...] = ()
    """Analyses, where each one that looked at it has gaps."""


def reach(session: Session, *, engine: str, scope: Scope) -> Reach:
    """What a search with this engine within this scope covers."""
    archive = _archive(session, engine, scope)
    extents = {
        why: _extent([one for one in archive if one.why_not is why]) for why in (None, *Unsearched)
    }
    searched = extents.pop(None)
    gaps_ms = _gaps_ms(session, [one.with_gaps for one in archive if one.with_gaps])
    not_searched = {why: one for why, one in extents.items() if why and one.recordings}
    return Reach(searched, gaps_ms, not_searched)


def _extent(footage: Sequence[_Footage]) -> Extent:
    return Extent(len(footage), sum(one.duration_ms for one in footage))


def _archive(session: Session, engine: str, scope: Scope) -> list[_Footage]:
    statement: sqlalchemy.Select[*tuple[Any, ...]] = (
        sqlalchemy.select(
            col(Recording.id),
            col(Recording.duration_ms),
            of_case(session, scope).label("of_case"),
            undated(session, scope).label("undated"),
            filtered(session, scope).label("filtered"),
            col(Analysis.id).label("analysis_id"),
            col(Analysis.state),
            col(Analysis.thinned_at),
            col(Plan.engine),
            col(Plan.cut_by),
        )
        .outerjoin(Analysis, col(Analysis.recording_id) == col(Recording.id))
        .outerjoin(Plan, col(Analysis.plan_key) == col(Plan.key))
        .order_by(col(Recording.id))
    )
    rows = session.execute(statement).all()
    return [_footage(list(of_one), engine) for _, of_one in groupby(rows, key=lambda row: row.id)]


def _footage(rows: Sequence[Any], engine: str) -> _Footage:
    """One recording, from its row for each analysis."""
    first, watched = rows[0], [row for row in rows if row.cut_by is None]
    looked = [row for row in watched if row.engine == engine]
    whole = [row for row in looked if row.thinned_at is None]
    states = {row.state for row in whole}
    if not first.of_case:
        why = Unsearched.UNDATED if first.undated else Unsearched.OUTSIDE_CASE
        return _Footage(first.duration_ms, why)
    if not first.filtered:
        return _Footage(first.duration_ms, Unsearched.OUTSIDE_FILTERS)
    if State.DONE in states:
        return _Footage(first.duration_ms, None)
    if State.GAPS in states:
        with_gaps = [row.analysis_id for row in whole if row.state is State.GAPS]
        return _Footage(first.duration_ms, None, tuple(with_gaps))
    if len(whole) < len(looked):
        return _Footage(first.duration_ms, Unsearched.ERASED)
    if not watched:
        return _Footage(first.duration_ms, Unsearched.IMPORTED)
    seen_by_others = any(row.state in SEARCHABLE for row in watched)
    return _Footage(first.duration_ms, _why_not(states, seen_by_others))


def _why_not(states: Set[State], seen_by_others: bool) -> Unsearched:
    if not states:
        return Unsearched.OTHER_ENGINE if seen_by_others else Unsearched.NOT_PROCESSED
    if not states <= set(GIVEN_UP):
        return Unsearched.NOT_PROCESSED
    return Unsearched.FAILED if State.FAILED in states else Unsearched.CANCELLED


def _gaps_ms(session: Session, footage: Sequence[tuple[int, ...]]) -> int:
    """Of each recording what the analysis missed that missed the least."""
    ids = [id for analyses in footage for id in analyses]
    missed = {
        one.analysis_id: sum(end_ms - start_ms for start_ms, end_ms in one.gaps)
        for some in batches(ids)
        for one in outcomes(session, some)
    }
    return sum(min(missed.get(id, 0) for id in analyses) for analyses in footage)
