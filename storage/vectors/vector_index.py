"""The matrix files of a SQLite database, kept true to its tables.

Triggers write every change of an embedding into `embedding_change`, each with a number and a random
token. A file says up to which change it is true. If that change is still in the table, with that
token, the file is a state this very database once had, and the changes since then are applied; if
not (the database is an older one that was restored, another one, or has changed too often since),
the file is rebuilt. The database is read after the file was locked, so it is never older than
the file: what is searched has nothing that was deleted, and misses nothing that was committed.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from faces.vectors import Vectors
from storage.database.batches import batches
from storage.database.database import reading
from storage.database.dialect import dialect_of
from storage.tables import Appearance, Embedding, EmbeddingChange
from storage.tables.vectors import matrix
from storage.vectors.matrix_file import Change, Extent, Mapped, MatrixFile

_ROWS_AT_ONCE = 50_000
_MAPPED: dict[Path, tuple[Extent, Mapped]] = {}
"""What this process has mapped: the pages of a new mapping would have to be found again."""


@dataclass(frozen=True, slots=True)
class Index:
    """Every embedding of one engine, and the state of the database that it equals."""

    session: Session
    rows: Mapped


def folder_beside(database: Engine) -> Path | None:
    """Where a database's matrix files are; None where it has none."""
    file = dialect_of(database).file_of(database)
    return None if file is None else Path(f"{file}-vectors")


@contextmanager
def index(database: Engine, engine: str) -> Iterator[Index]:
    """The engine's embeddings as they are now, unchanged while this lasts.

    Only for a database that has a `folder_beside` it. Raises OSError where the file cannot be
    written, and StoreUnavailable.
    """
    folder = folder_beside(database)
    assert folder is not None, "only a database that is a file has matrix files"
    file = MatrixFile(folder / hashlib.sha256(engine.encode()).hexdigest()[:16])
    with file.locked(), reading(database) as session:
        extent = file.extent()
        if extent is not None and extent.change == _newest(session):
            yield Index(session, _mapped(file, extent))
            return
    with file.locked(to_change=True), reading(database) as session:
        yield Index(session, _mapped(file, _up_to_date(file, session, engine)))


def forget_vectors(database: Engine) -> None:
    """Take all matrix files of a database away, after vectors were deleted for good.

    What is deleted goes from them with the next search in any case. Raises OSError.
    """
    folder = folder_beside(database)
    for one in sorted(folder.iterdir()) if folder is not None and folder.exists() else ():
        MatrixFile(one).remove()


def _mapped(file: MatrixFile, extent: Extent) -> Mapped:
    known, mapped = _MAPPED.get(file.folder, (None, None))
    if mapped is None or known != extent:
        mapped = file.mapped(extent)
        _MAPPED[file.folder] = extent, mapped
    return mapped


def _newest(session: Session) -> Change:
    newest = select(EmbeddingChange).order_by(col(EmbeddingChange.id).desc()).limit(1)
    row = session.exec(newest).one()  # the migration that made the table put one into it
    return Change(row.id, row.token)


def _up_to_date(file: MatrixFile, session: Session, engine: str) -> Extent:
    extent, newest = file.extent(), _newest(session)
    if extent is None or not extent.rows or not _was_here(session, extent.change):
        return file.rewrite(newest, _everything(session, engine))
    changed = _changed_since(session, extent.change, engine)
    if not len(changed):
        return file.advance(extent, newest)
    gone = np.flatnonzero(np.isin(file.mapped(extent).appearance_ids, changed))
    ids, vectors = _these(session, engine, changed)
    return file.amend(extent, newest, gone=gone, ids=ids, vectors=vectors)


def _was_here(session: Session, change: Change) -> bool:
    row = session.get(EmbeddingChange, change.id)
    return row is not None and row.token == change.token


def _changed_since(session: Session, change: Change, engine: str) -> NDArray[np.int64]:
    changed = select(EmbeddingChange.appearance_id).where(
        col(EmbeddingChange.id) > change.id, col(EmbeddingChange.engine) == engine
    )
    return np.array(session.exec(changed.distinct()).all(), np.int64)


def _everything(session: Session, engine: str) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    statement = _embeddings(engine).order_by(col(Embedding.appearance_id))
    found = session.exec(statement.execution_options(yield_per=_ROWS_AT_ONCE))
    for rows in found.partitions():
        yield _block(rows)


def _these(
    session: Session, engine: str, appearance_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Vectors]:
    rows: list[Any] = []
    for some in batches(appearance_ids.tolist()):
        rows += session.exec(_embeddings(engine).where(col(Embedding.appearance_id).in_(some)))
    return _block(rows)


def _embeddings(engine: str) -> Any:
    return (
        select(Embedding.appearance_id, Appearance.analysis_id, col(Embedding.vector))
        .join(Appearance, col(Embedding.appearance_id) == col(Appearance.id))
        .where(col(Embedding.engine) == engine)
    )


def _block(rows: Any) -> tuple[NDArray[np.int64], Vectors]:
    ids = np.array([(id, analysis_id) for id, analysis_id, _ in rows], np.int64).reshape(-1, 2)
    return ids, matrix([vector for _, _, vector in rows])
