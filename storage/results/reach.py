"""Search coverage: how much of the archive a search covered, and how much it did not."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlalchemy import func
from sqlalchemy.orm import aliased
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
    """Its source is one of the case's; it may be in the case's window."""
    OUTSIDE_FILTERS = "outside the search filters"
    NOT_PROCESSED = "not processed yet"
    FAILED = "could not be decoded"
    CANCELLED = "cancelled"
    OTHER_ENGINE = "processed by another engine"
    ERASED = "bystanders purged"
    IMPORTED = "imported faces only"


@dataclass(frozen=True, slots=True)
class Extent:
    """A number of recordings, and their total length."""

    recordings: int = 0
    duration_ms: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Every recording of the archive is either searched or counted under one reason."""

    searched: Extent
    gaps_ms: int
    """How much of the searched recordings could not be processed."""
    not_searched: dict[Unsearched, Extent]


@dataclass(frozen=True, slots=True)
class _Footage:
    duration_ms: int
    why_not: Unsearched | None
    with_gaps: tuple[int, ...] = ()
    """Ids of its analyses, if all of them have gaps."""


def reach(session: Session, *, engine: str, scope: Scope) -> Reach:
    """The coverage of a search with this engine within this scope."""
    archive = _archive(session, engine, scope)
    extents = {
        why: _extent([footage for footage in archive if footage.why_not is why])
        for why in (None, *Unsearched)
    }
    searched = extents.pop(None)
    gaps_ms = _gaps_ms(session, [footage.with_gaps for footage in archive if footage.with_gaps])
    not_searched = {why: extent for why, extent in extents.items() if why and extent.recordings}
    return Reach(searched, gaps_ms, not_searched)


def _extent(recordings: Sequence[_Footage]) -> Extent:
    return Extent(len(recordings), sum(recording.duration_ms for recording in recordings))


def _archive(session: Session, engine: str, scope: Scope) -> list[_Footage]:
    # The crops of bystanders that were purged could not be re-embedded.
    origin = aliased(Analysis)
    statement: sqlalchemy.Select[*tuple[Any, ...]] = (
        sqlalchemy.select(
            col(Recording.id),
            col(Recording.duration_ms),
            of_case(session, scope).label("of_case"),
            undated(session, scope).label("undated"),
            filtered(session, scope).label("filtered"),
            col(Analysis.id).label("analysis_id"),
            col(Analysis.state),
            func.coalesce(col(Analysis.thinned_at), col(origin.thinned_at)).label("thinned_at"),
            col(Plan.engine),
            col(Plan.cut_by),
        )
        .outerjoin(Analysis, col(Analysis.recording_id) == col(Recording.id))
        .outerjoin(Plan, col(Analysis.plan_key) == col(Plan.key))
        .outerjoin(origin, col(Analysis.origin_id) == col(origin.id))
        .order_by(col(Recording.id))
    )
    rows = session.execute(statement).all()
    by_recording = groupby(rows, key=lambda row: row.id)
    return [_footage(list(of_recording), engine) for _, of_recording in by_recording]


def _footage(rows: Sequence[Any], engine: str) -> _Footage:
    """One recording, from one row for each of its analyses."""
    first, processed = rows[0], [row for row in rows if row.cut_by is None]
    by_engine = [row for row in processed if row.engine == engine]
    whole = [row for row in by_engine if row.thinned_at is None]
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
    if len(whole) < len(by_engine):
        return _Footage(first.duration_ms, Unsearched.ERASED)
    if not processed:
        return _Footage(first.duration_ms, Unsearched.IMPORTED)
    by_other_engine = any(row.state in SEARCHABLE for row in processed)
    return _Footage(first.duration_ms, _why_not(states, by_other_engine))


def _why_not(states: Set[State], by_other_engine: bool) -> Unsearched:
    if not states:
        return Unsearched.OTHER_ENGINE if by_other_engine else Unsearched.NOT_PROCESSED
    if not states <= set(GIVEN_UP):
        return Unsearched.NOT_PROCESSED
    return Unsearched.FAILED if State.FAILED in states else Unsearched.CANCELLED


def _gaps_ms(session: Session, footage: Sequence[tuple[int, ...]]) -> int:
    """The total of the gaps; for each recording, the analysis with the least gaps counts."""
    ids = [id for analyses in footage for id in analyses]
    missed = {
        outcome.analysis_id: sum(end_ms - start_ms for start_ms, end_ms in outcome.gaps)
        for batch in batches(ids)
        for outcome in outcomes(session, batch)
    }
    return sum(min(missed.get(id, 0) for id in analyses) for analyses in footage)
