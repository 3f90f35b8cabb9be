"""Which footage can be searched with an engine, and which cannot, and why: by recording."""

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlalchemy import and_, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from storage.cases.scope import Scope, filtered, in_window, of_case, of_sources, own, undated
from storage.database.batches import batches
from storage.jobs.progress import outcomes
from storage.jobs.states import GIVEN_UP, SEARCHABLE
from storage.results.comparison_keys import recording_keys
from storage.tables import (
    Analysis,
    AnalysisComparison,
    Appearance,
    Capture,
    Embedding,
    Plan,
    Recording,
    State,
)


class Unsearched(StrEnum):
    """Why a recording was not searched, or not compared with a person."""

    OUTSIDE_CASE = "outside the case"
    UNDATED = "recording time unknown"
    """Its source is one of the case's; it may be in the case's window."""
    FILE_DATE = "the file's own date"
    """It was added for the case, and the date in the file is outside the case's window."""
    OUTSIDE_WINDOW = "outside the recording period"
    OUTSIDE_FILTERS = "outside the search filters"
    NOT_PROCESSED = "not processed yet"
    FAILED = "could not be decoded"
    CANCELLED = "cancelled"
    OTHER_ENGINE = "processed by another engine"
    ERASED = "bystanders purged"
    IMPORTED = "imported faces only"
    NO_PHOTO = "no usable photo"
    NOT_MATCHED = "matching not finished"
    NOT_IN_FORCE = "case not in force"


@dataclass(frozen=True, slots=True)
class Extent:
    """A number of recordings, their total length, and the faces seen in them."""

    recordings: int = 0
    duration_ms: int = 0
    faces: int = 0


@dataclass(frozen=True, slots=True)
class Reach:
    """Every recording of the archive is either searched or counted under one reason."""

    searched: Extent
    gaps_ms: int
    """How much of the searched recordings could not be processed."""
    not_searched: dict[Unsearched, Extent]
    faces: int
    """Faces in the searched recordings, also those that the engine could not embed."""
    imported: int
    """Imported faces that were searched, in recordings whose footage was not."""
    by_file: tuple["Footage", ...]
    """Recordings that were added for the case, and that the date in the file keeps out."""


@dataclass(frozen=True, slots=True)
class Matched:
    """When an analysis was compared with everybody, and whether that still holds."""

    id: int
    at: datetime
    holds: bool


@dataclass(frozen=True, slots=True)
class Footage:
    """A recording, and whether an engine can search it."""

    recording_id: int
    name: str
    duration_ms: int
    captured_ms: int | None
    captured_by: Capture | None
    captured_words: str | None
    why_not: Unsearched | None
    with_gaps: tuple[int, ...] = ()
    """Ids of its analyses, if all of them have gaps."""
    analysis_id: int | None = None
    """The analysis whose appearances are counted."""
    matched: Matched | None = None
    erased_at: datetime | None = None
    """When bystanders were purged."""
    faces: int = 0
    """Appearances, within the case's window."""
    embedded: int = 0
    """How many of them the engine embedded."""

    @property
    def extent(self) -> Extent:
        """As a part of a total, with all its faces."""
        return Extent(1, self.duration_ms, self.faces)


def reach(session: Session, *, engine: str, scope: Scope) -> Reach:
    """The coverage of a search with this engine within this scope."""
    all_footage = footage(session, engine, scope)
    searched = [one for one in all_footage if one.why_not is None]
    not_searched = {
        why: total(one.extent for one in all_footage if one.why_not is why) for why in Unsearched
    }
    return Reach(
        total(replace(one, faces=one.embedded).extent for one in searched),
        sum(gaps_ms(session, searched).values()),
        {why: extent for why, extent in not_searched.items() if extent.recordings},
        sum(one.faces for one in searched),
        sum(one.embedded for one in all_footage if one.why_not is Unsearched.IMPORTED),
        tuple(one for one in all_footage if one.why_not is Unsearched.FILE_DATE),
    )


def total(extents: Iterable[Extent]) -> Extent:
    """The sum of some extents."""
    parts = list(extents)
    return Extent(
        sum(part.recordings for part in parts),
        sum(part.duration_ms for part in parts),
        sum(part.faces for part in parts),
    )


def footage(session: Session, engine: str, scope: Scope) -> list[Footage]:
    """Every recording of the archive, in order, as a search with this engine sees it."""
    keys = recording_keys(session)
    by_recording = groupby(_rows(session, scope), key=lambda row: row.id)
    found = [_footage(list(rows), engine, keys[id]) for id, rows in by_recording]
    counts = _faces(session, [one.analysis_id for one in found if one.analysis_id], engine, scope)
    return [_counted(one, *counts.get(one.analysis_id or 0, (0, 0))) for one in found]


def _counted(one: Footage, faces: int, embedded: int) -> Footage:
    return replace(one, faces=faces, embedded=embedded)


def _rows(session: Session, scope: Scope) -> Sequence[Any]:
    """One row for each analysis of each recording, or one for a recording without any."""
    # The crops of bystanders that were purged could not be re-embedded.
    origin = aliased(Analysis)
    statement: sqlalchemy.Select[*tuple[Any, ...]] = (
        sqlalchemy.select(
            col(Recording.id),
            col(Recording.name),
            col(Recording.duration_ms),
            col(Recording.captured_ms),
            col(Recording.captured_by),
            col(Recording.captured_words),
            of_sources(session, scope).label("of_sources"),
            own(scope).label("is_own"),
            of_case(session, scope).label("of_case"),
            undated(session, scope).label("undated"),
            filtered(session, scope).label("filtered"),
            col(Analysis.id).label("analysis_id"),
            col(Analysis.origin_id),
            col(Analysis.state),
            col(AnalysisComparison.id).label("matched_id"),
            col(AnalysisComparison.key).label("matched_key"),
            col(AnalysisComparison.compared_at).label("matched_at"),
            func.coalesce(col(Analysis.thinned_at), col(origin.thinned_at)).label("thinned_at"),
            col(Plan.engine),
            col(Plan.cut_by),
        )
        .outerjoin(Analysis, col(Analysis.recording_id) == col(Recording.id))
        .outerjoin(Plan, col(Analysis.plan_key) == col(Plan.key))
        .outerjoin(AnalysisComparison, col(AnalysisComparison.analysis_id) == col(Analysis.id))
        .outerjoin(origin, col(Analysis.origin_id) == col(origin.id))
        .order_by(col(Recording.id), col(Analysis.id))
    )
    return session.execute(statement).all()


def _footage(rows: Sequence[Any], engine: str, key: str) -> Footage:
    """One recording, from one row for each of its analyses."""
    first, processed = rows[0], [row for row in rows if row.cut_by is None]
    by_engine = [row for row in processed if row.engine == engine]
    whole = [row for row in by_engine if row.thinned_at is None]
    done = [row for row in whole if row.state in SEARCHABLE]
    seen = done or [row for row in by_engine if row.state in SEARCHABLE]
    # Faces imported to a recording that was not processed are compared, though nothing else is.
    imported = [] if processed else [row for row in rows if row.state in SEARCHABLE]
    elsewhere = [row for row in processed if row.state in SEARCHABLE]
    counted = next(reversed(seen or elsewhere or imported), None)
    matched = next(reversed(seen or imported), None)
    return Footage(
        recording_id=first.id,
        name=first.name,
        duration_ms=first.duration_ms,
        captured_ms=first.captured_ms,
        captured_by=first.captured_by,
        captured_words=first.captured_words,
        why_not=_outside(first) or _unprocessed(processed, by_engine, whole),
        with_gaps=_with_gaps(done),
        analysis_id=counted and (counted.origin_id or counted.analysis_id),
        matched=_matched(matched, key),
        erased_at=None if done or matched is None else matched.thinned_at,
    )


def _matched(row: Any, key: str) -> Matched | None:
    if row is None or row.matched_id is None:
        return None
    return Matched(row.matched_id, row.matched_at, row.matched_key == key)


def _with_gaps(done: Sequence[Any]) -> tuple[int, ...]:
    if any(row.state is State.DONE for row in done):
        return ()
    return tuple(row.analysis_id for row in done)


def _outside(row: Any) -> Unsearched | None:
    if row.of_case:
        return None if row.filtered else Unsearched.OUTSIDE_FILTERS
    if row.undated:
        return Unsearched.UNDATED
    if not row.of_sources:
        return Unsearched.OUTSIDE_CASE
    by_file = row.is_own and row.captured_by is Capture.FILE
    return Unsearched.FILE_DATE if by_file else Unsearched.OUTSIDE_WINDOW


def _unprocessed(
    processed: Sequence[Any], by_engine: Sequence[Any], whole: Sequence[Any]
) -> Unsearched | None:
    states = {row.state for row in whole}
    if states.intersection(SEARCHABLE):
        return None
    if len(whole) < len(by_engine):
        return Unsearched.ERASED
    if not processed:
        return Unsearched.IMPORTED
    by_other_engine = any(row.state in SEARCHABLE for row in processed)
    return _why_not(states, by_other_engine)


def _why_not(states: Set[State], by_other_engine: bool) -> Unsearched:
    if not states:
        return Unsearched.OTHER_ENGINE if by_other_engine else Unsearched.NOT_PROCESSED
    if not states <= set(GIVEN_UP):
        return Unsearched.NOT_PROCESSED
    return Unsearched.FAILED if State.FAILED in states else Unsearched.CANCELLED


def _faces(
    session: Session, analysis_ids: Sequence[int], engine: str, scope: Scope
) -> dict[int, tuple[int, int]]:
    """By analysis: its appearances in the case's window, and how many the engine embedded."""
    by_engine = and_(
        col(Embedding.appearance_id) == col(Appearance.id), col(Embedding.engine) == engine
    )
    columns = (func.count(col(Appearance.id)), func.count(col(Embedding.appearance_id)))
    statement = (
        sqlalchemy.select(col(Appearance.analysis_id), *columns)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .outerjoin(Embedding, by_engine)
        .where(in_window(scope.case))
        .group_by(col(Appearance.analysis_id))
    )
    return {
        analysis: (faces, embedded)
        for batch in batches(analysis_ids)
        for analysis, faces, embedded in session.execute(
            statement.where(col(Appearance.analysis_id).in_(batch))
        )
    }


def gaps_ms(session: Session, footage: Sequence[Footage]) -> dict[int, int]:
    """By recording: the total of the gaps; the analysis with the least gaps counts."""
    ids = [id for one in footage for id in one.with_gaps]
    missed = {
        outcome.analysis_id: sum(end_ms - start_ms for start_ms, end_ms in outcome.gaps)
        for batch in batches(ids)
        for outcome in outcomes(session, batch)
    }
    return {
        one.recording_id: min(missed.get(id, 0) for id in one.with_gaps)
        for one in footage
        if one.with_gaps
    }
