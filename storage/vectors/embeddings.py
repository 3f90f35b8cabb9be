"""Embeddings: one vector of an appearance for each engine that embedded it."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from storage.database.batches import batches
from storage.database.dialect import dialect_of
from storage.tables import Appearance, Embedding
from storage.tables.vectors import matrix


def keep_vectors(
    session: Session,
    appearance_ids: Sequence[int],
    vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32],
    *,
    engine: str,
    weights_sha256: str | None,
    are_new: bool = False,
) -> None:
    """Store row i of `vectors` [n, d] as an engine's vector of `appearance_ids[i]`.

    Other engines' vectors stay. Pass `are_new` if the engine has no vector of any of these
    appearances: that is faster.
    """
    session.flush()
    if len(appearance_ids):
        write = dialect_of(session).upsert_vectors
        write(session, appearance_ids, vectors, engine, weights_sha256, are_new)
    session.expire_all()


def vectors_of(
    session: Session, appearance_ids: NDArray[np.int64], *, engine: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those of these appearances that an engine embedded, sorted ids [n], and vectors [n, d]."""
    blocks = [
        block
        for batch in batches(appearance_ids.tolist())
        for block in each_vector(
            session, _of_engine(engine).where(col(Embedding.appearance_id).in_(batch))
        )
    ]
    if not blocks:
        return np.empty(0, np.int64), matrix([])
    return np.concatenate([ids for ids, _ in blocks]), np.concatenate([rows for _, rows in blocks])


def each_vector(
    session: Session, statement: Select[int, NDArray[np.float32]]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The (appearance id, vector) rows of a statement, in blocks: ids [n] and vectors [n, d]."""
    return dialect_of(session).each_vector(session, statement)


def vectors_in(
    session: Session, analysis_id: int, engine: str
) -> tuple[list[int], NDArray[np.float32]]:
    """The appearances of one analysis that an engine embedded, in order, and vectors [n, d]."""
    statement = (
        select(Embedding.appearance_id, col(Embedding.vector))
        .join(Appearance)
        .where(col(Embedding.engine) == engine, col(Appearance.analysis_id) == analysis_id)
        .order_by(col(Appearance.ordinal))
    )
    rows = session.exec(statement).all()
    return [id for id, _ in rows], matrix([vector for _, vector in rows])


def _of_engine(engine: str) -> Select[int, NDArray[np.float32]]:
    columns = select(Embedding.appearance_id, col(Embedding.vector))
    in_order = columns.where(col(Embedding.engine) == engine)
    return in_order.order_by(col(Embedding.appearance_id))
