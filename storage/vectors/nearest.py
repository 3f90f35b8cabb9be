"""The appearances closest to faces, of one engine, within a scope.

Exact on every store, but for pgvector's index, where one was built: that may miss a few of the
first function's; the distances of those it finds are exact.

    nearest(session, photos, card=card, scope=scope, limit=100) -> list[Near]
    nearest_of_many(session, people, card=card) -> list[list[Near]]

The first answers a search. The second ranks many people at once against everything, in one pass
over the vectors: `people` is a sequence of arrays [k, d], one a person with a row for each photo;
what comes back has one list a person, in the same order, of everything at or below the card's
threshold, closest first. `Near.photo` is the row of that person's own array. The distances are
those of `faces.vectors.distances`, to the last digit.

Both look at everything that was committed when they begin, on SQLite in a snapshot of their own:
what `session` itself has not committed yet is not seen.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from faces.engine import ModelCard
from faces.matching import rank
from faces.vectors import Vectors, unit
from storage.cases.scope import EVERYWHERE, Scope, analyses, in_window, outside_window
from storage.database.batches import batches
from storage.database.database import database_of
from storage.database.dialect import dialect_of
from storage.tables import Analysis, Appearance, Embedding, Recording
from storage.vectors.embeddings import each_vector, vectors_of
from storage.vectors.pgvector import proposed
from storage.vectors.vector_index import Index, index


@dataclass(frozen=True, slots=True, order=True)
class Near:
    """An appearance within the threshold; the closest sorts first."""

    distance: float
    appearance_id: int
    photo: int
    """The row of the query that came closest."""


def nearest(
    session: Session, photos: Vectors, *, card: ModelCard, scope: Scope, limit: int
) -> list[Near]:
    """The appearances closest to one person's photos [k, d], closest first, at most `limit`.

    An appearance is as far away as from the photo it is closest to, and only those at or below the
    card's threshold are returned; equal distances are in order of ids.
    """
    with suppress(OSError), index(database_of(session), card.name) as found:
        return _nearest_in(found, photos, card, scope, limit)[:limit]
    if dialect_of(session).has_vector_index:
        close = proposed(session, photos, card, scope, limit)
        if close is not None:
            ids, vectors = vectors_of(session, close, engine=card.name)
            return _ranked(ids, vectors, photos, card)[:limit]
    return _scanned(session, [photos], card, scope)[0][:limit]


def nearest_of_many(
    session: Session, people: Sequence[Vectors], *, card: ModelCard, scope: Scope = EVERYWHERE
) -> list[list[Near]]:
    """For each person's photos [k, d] every appearance within the threshold, closest first."""
    if not people:
        return []
    with suppress(OSError), index(database_of(session), card.name) as found:
        return _nearest_of_many_in(found, people, card, scope)
    return _scanned(session, people, card, scope)


def _nearest_in(
    found: Index, photos: Vectors, card: ModelCard, scope: Scope, limit: int
) -> list[Near]:
    from faces.engines.nearness import least_cosine, promising  # torch, where it is needed only

    least = least_cosine(card.threshold, card.distance)
    among = _among(found, scope)
    rows = promising(found.rows.matrix, photos, least=least, limit=limit, among=among)
    ids, vectors = vectors_of(found.session, found.rows.appearance_ids[rows], engine=card.name)
    return _ranked(ids, vectors, photos, card)


def _nearest_of_many_in(
    found: Index, people: Sequence[Vectors], card: ModelCard, scope: Scope
) -> list[list[Near]]:
    rows, owners = _close_pairs(found.rows.matrix, people, card)
    if (among := _among(found, scope)) is not None:
        rows, owners = rows[among[rows]], owners[among[rows]]
    close = found.rows.appearance_ids[rows]
    ids, vectors = vectors_of(found.session, np.unique(close), engine=card.name)
    places = np.searchsorted(ids, close)
    return [
        _ranked(ids[mine], vectors[mine], photos, card)
        for person, photos in enumerate(people)
        for mine in [np.unique(places[owners == person])]
    ]


def _scanned(
    session: Session, people: Sequence[Vectors], card: ModelCard, scope: Scope
) -> list[list[Near]]:
    """The same, from the table alone."""
    found: list[list[Near]] = [[] for _ in people]
    for ids, vectors in _blocks(session, card.name, scope):
        rows, owners = _close_pairs(unit(vectors), people, card)
        for person, photos in enumerate(people):
            mine = np.unique(rows[owners == person])
            found[person] += _ranked(ids[mine], vectors[mine], photos, card)
    return [sorted(one) for one in found]


def _close_pairs(
    vectors: NDArray[Any], people: Sequence[Vectors], card: ModelCard
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Which rows of unit vectors may be close enough to which person."""
    from faces.engines.nearness import least_cosine, promising_pairs

    owners = np.repeat(np.arange(len(people)), [len(photos) for photos in people])
    least = least_cosine(card.threshold, card.distance)
    rows, columns = promising_pairs(vectors, np.concatenate(people), least=least)
    return rows, owners[columns]


def _ranked(
    ids: NDArray[np.int64], vectors: Vectors, photos: Vectors, card: ModelCard
) -> list[Near]:
    """`ids` are in order."""
    ranked = rank(vectors, photos, kind=card.distance, threshold=card.threshold)
    return [Near(one.distance, int(ids[one.appearance]), one.reference) for one in ranked]


def _among(found: Index, scope: Scope) -> NDArray[np.bool_] | None:
    """The rows within a scope, as the database says; None for all of them."""
    if scope == EVERYWHERE:
        return None
    wanted = np.array(analyses(found.session, scope), np.int64)
    outside = np.array(found.session.exec(outside_window(found.session, scope)).all(), np.int64)
    highest = max(found.rows.analysis_ids.max(initial=0), wanted.max(initial=0))
    is_wanted = np.zeros(1 + highest, bool)
    is_wanted[wanted] = True  # a look at a table: ten times as fast as `np.isin`
    rows: NDArray[np.bool_] = is_wanted[found.rows.analysis_ids]
    return rows & ~np.isin(found.rows.appearance_ids, outside) if len(outside) else rows


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
    for some in batches(analyses(session, scope)):
        yield from each_vector(session, joined.where(col(Appearance.analysis_id).in_(some)))
