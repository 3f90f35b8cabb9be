"""What engines make of appearances: a vector for each engine that has seen one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from storage.tables import Embedding
from storage.upsert import insert_or_update
from storage.vectors import matrix


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


def appearance_vectors(session: Session, *, engine: str) -> tuple[list[int], NDArray[np.float32]]:
    """The ids of every appearance that an engine embedded, in order, and their vectors [n, d]."""
    statement = (
        select(Embedding.appearance_id, col(Embedding.vector))
        .where(col(Embedding.engine) == engine)
        .order_by(col(Embedding.appearance_id))
    )
    found = session.exec(statement).all()
    return [id for id, _ in found], matrix([vector for _, vector in found])
