"""What engines make of appearances: a vector for each engine that has seen one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from storage.tables import Embedding
from storage.upsert import insert_or_update
from storage.vectors import matrix

_AT_ONCE = 10_000  # SQLite takes 32,766 parameters in a statement


def keep_vectors(
    session: Session,
    appearance_ids: Sequence[int],
    vectors: Sequence[NDArray[np.float32]] | NDArray[np.float32],
    *,
    engine: str,
    weights_sha256: str | None,
) -> None:
    """Make row i of `vectors` [n, d] the vector of appearance i; those of other engines stay."""
    rows = [
        {"appearance_id": id, "engine": engine, "weights_sha256": weights_sha256, "vector": vector}
        for id, vector in zip(appearance_ids, vectors, strict=True)
    ]
    insert_or_update(session, Embedding, rows, key=["appearance_id", "engine"])


def vectors_of(
    session: Session, appearance_ids: NDArray[np.int64], *, engine: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Those of these appearances that an engine has seen, in order, and their vectors [n, d]."""
    ids = np.sort(appearance_ids).tolist()
    rows: list[tuple[int, NDArray[np.float32]]] = []
    for first in range(0, len(ids), _AT_ONCE):
        wanted = _of_engine(engine)
        wanted = wanted.where(col(Embedding.appearance_id).in_(ids[first : first + _AT_ONCE]))
        rows += session.exec(wanted).all()
    return np.array([id for id, _ in rows], np.int64), matrix([vector for _, vector in rows])


def appearance_vectors(session: Session, *, engine: str) -> tuple[list[int], NDArray[np.float32]]:
    """The ids of every appearance that an engine embedded, in order, and their vectors [n, d]."""
    found = session.exec(_of_engine(engine)).all()
    return [id for id, _ in found], matrix([vector for _, vector in found])


def _of_engine(engine: str) -> Select[int, NDArray[np.float32]]:
    columns = select(Embedding.appearance_id, col(Embedding.vector))
    in_order = columns.where(col(Embedding.engine) == engine)
    return in_order.order_by(col(Embedding.appearance_id))
