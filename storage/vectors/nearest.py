"""Find the appearances closest to faces, by one engine, within a scope.

The search is exact, except with pgvector's index, if one was built: then `nearest` may miss a few
appearances; the distances of those it finds are exact.

    nearest(session, photos, card=card, scope=scope, limit=100) -> list[Near]
    nearest_of_many(session, people, card=card) -> list[list[Near]]

The first is for a search. The second ranks many people at once in one pass over the vectors:
`people` is a sequence of arrays [k, d], one per person with a row for each photo. It returns one
list per person, in the same order, of all appearances at or below the card's threshold, closest
first. `Near.photo` is a row of that person's array. The distances equal those of
`faces.vectors.distances`, to the last digit.

Both search everything that was committed when they begin, on SQLite in a snapshot of their own:
uncommitted changes of `session` are not seen.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from faces.engine import ModelCard
from faces.matching import rank
from faces.prefilter import least_cosine, promising_pairs
from faces.vectors import Vectors, unit
from storage.cases.scope import EVERYWHERE, Scope, analyses, in_window, outside_window
from storage.database.batches import batches
from storage.database.database import database_of
from storage.database.dialect import dialect_of
from storage.tables import Analysis, Appearance, Embedding, Recording
from storage.vectors.embeddings import each_vector, vectors_of
from storage.vectors.pgvector import proposed
from storage.vectors.vector_index import Index, folder_beside, index

log = logging.getLogger(__name__)

SMALL = 20_000
"""NumPy compares this many vectors in a fraction of the time that importing torch takes."""


@dataclass(frozen=True, slots=True, order=True)
class Near:
    """An appearance within the threshold; the closest sorts first."""

    distance: float
    appearance_id: int
    photo: int
    """The row of the closest query photo."""


def nearest(
    session: Session, photos: Vectors, *, card: ModelCard, scope: Scope, limit: int
) -> list[Near]:
    """The appearances closest to one person's photos [k, d], closest first, at most `limit`.

    The distance of an appearance is that to the closest photo. Only appearances at or below the
    card's threshold are returned; equal distances are in order of ids.
    """
    with strategy(session, card, scope) as chosen:
        return chosen.nearest(photos, limit)[:limit]


def nearest_of_many(
    session: Session, people: Sequence[Vectors], *, card: ModelCard, scope: Scope = EVERYWHERE
) -> list[list[Near]]:
    """For each person's photos [k, d], all appearances within the threshold, closest first."""
    if not people:
        return []
    with strategy(session, card, scope) as chosen:
        return chosen.nearest_of_many(people)


class Strategy(Protocol):
    """One way to search; all give the same results, except for what pgvector's index may miss."""

    def nearest(self, photos: Vectors, limit: int) -> list[Near]:
        """At least the `limit` closest to one person's photos [k, d], closest first."""
        ...

    def nearest_of_many(self, people: Sequence[Vectors]) -> list[list[Near]]:
        """For each person's photos [k, d], all within the threshold, closest first."""
        ...


@contextmanager
def strategy(session: Session, card: ModelCard, scope: Scope) -> Iterator[Strategy]:
    """The search strategy for this database: its matrix file, pgvector's index, or neither.

    If the matrix file cannot be written, the table is searched instead, with a warning in the log.
    """
    database = database_of(session)
    if folder_beside(database) is None:
        has_index = dialect_of(session).has_vector_index
        yield (Proposed if has_index else Scan)(session, card, scope)
        return
    with ExitStack() as held:
        try:
            current = held.enter_context(index(database, card.name))
        except OSError as error:
            log.warning("the table is searched: no vector index can be kept (%s)", error.strerror)
            yield Scan(session, card, scope)
        else:
            yield InFile(current, card, scope)


@dataclass(frozen=True, slots=True)
class Scan:
    """Search by reading every vector within the scope from the table."""

    session: Session
    card: ModelCard
    scope: Scope

    def nearest(self, photos: Vectors, limit: int) -> list[Near]:  # noqa: ARG002
        return self.nearest_of_many([photos])[0]

    def nearest_of_many(self, people: Sequence[Vectors]) -> list[list[Near]]:
        found: list[list[Near]] = [[] for _ in people]
        for ids, vectors in _blocks(self.session, self.card.name, self.scope):
            rows, owners = _close_pairs(unit(vectors), people, self.card)
            for person, photos in enumerate(people):
                close = np.unique(rows[owners == person])
                found[person] += _ranked(ids[close], vectors[close], photos, self.card)
        return [sorted(each) for each in found]


@dataclass(frozen=True, slots=True)
class Proposed(Scan):
    """Search with pgvector's index for one person; if it cannot propose enough, read the table."""

    def nearest(self, photos: Vectors, limit: int) -> list[Near]:
        close = proposed(self.session, photos, self.card, self.scope, limit)
        if close is None:
            log.info("the table is searched: pgvector's index is not there or proposes too few")
            return self.nearest_of_many([photos])[0]
        ids, vectors = vectors_of(self.session, close, engine=self.card.name)
        return _ranked(ids, vectors, photos, self.card)


@dataclass(frozen=True, slots=True)
class InFile:
    """Search the matrix file, then compare the close appearances exactly."""

    found: Index
    card: ModelCard
    scope: Scope

    def nearest(self, photos: Vectors, limit: int) -> list[Near]:
        if len(self.found.rows.matrix) <= SMALL:
            return self.nearest_of_many([photos])[0]
        from faces.engines.nearness import promising  # torch, only where needed

        least = least_cosine(self.card.threshold, self.card.distance)
        among = _among(self.found, self.scope)
        rows = promising(self.found.rows.matrix, photos, least=least, limit=limit, among=among)
        close = self.found.rows.appearance_ids[rows]
        ids, vectors = vectors_of(self.found.session, close, engine=self.card.name)
        return _ranked(ids, vectors, photos, self.card)

    def nearest_of_many(self, people: Sequence[Vectors]) -> list[list[Near]]:
        rows, owners = _close_pairs(self.found.rows.matrix, people, self.card)
        if (among := _among(self.found, self.scope)) is not None:
            rows, owners = rows[among[rows]], owners[among[rows]]
        close = self.found.rows.appearance_ids[rows]
        ids, vectors = vectors_of(self.found.session, np.unique(close), engine=self.card.name)
        places = np.searchsorted(ids, close)
        return [
            _ranked(ids[own], vectors[own], photos, self.card)
            for person, photos in enumerate(people)
            for own in [np.unique(places[owners == person])]
        ]


def _close_pairs(
    vectors: NDArray[Any], people: Sequence[Vectors], card: ModelCard
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows of unit vectors that may be within the threshold, and the person of each: [m], [m]."""
    owners = np.repeat(np.arange(len(people)), [len(photos) for photos in people])
    least = least_cosine(card.threshold, card.distance)
    rows, columns = promising_pairs(vectors, np.concatenate(people), least=least)
    return rows, owners[columns]


def _ranked(
    ids: NDArray[np.int64], vectors: Vectors, photos: Vectors, card: ModelCard
) -> list[Near]:
    """Rank exactly; `ids` are sorted."""
    ranked = rank(vectors, photos, kind=card.distance, threshold=card.threshold)
    return [Near(match.distance, int(ids[match.appearance]), match.reference) for match in ranked]


def _among(current: Index, scope: Scope) -> NDArray[np.bool_] | None:
    """A mask of the rows within a scope; None for all rows."""
    if scope == EVERYWHERE:
        return None
    wanted = np.array(analyses(current.session, scope), np.int64)
    outside = np.array(current.session.exec(outside_window(current.session, scope)).all(), np.int64)
    highest = max(current.rows.analysis_ids.max(initial=0), wanted.max(initial=0))
    is_wanted = np.zeros(1 + highest, bool)
    is_wanted[wanted] = True  # a lookup table: ten times as fast as `np.isin`
    rows: NDArray[np.bool_] = is_wanted[current.rows.analysis_ids]
    return rows & ~np.isin(current.rows.appearance_ids, outside) if len(outside) else rows


def _blocks(
    session: Session, engine: str, scope: Scope
) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    columns = select(Embedding.appearance_id, col(Embedding.vector))
    everything = columns.where(col(Embedding.engine) == engine)
    everything = everything.order_by(col(Embedding.appearance_id))
    if scope == EVERYWHERE:
        yield from each_vector(session, everything)
        return
    joined = (
        everything.join(Appearance, col(Embedding.appearance_id) == col(Appearance.id))
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .where(in_window(scope.case))
    )
    for batch in batches(analyses(session, scope)):
        yield from each_vector(session, joined.where(col(Appearance.analysis_id).in_(batch)))
