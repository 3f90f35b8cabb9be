"""The matrix files of a SQLite database, kept in step with its tables.

Triggers write every change of an embedding into `embedding_change`, with an id and a random token.
A file states the change up to which it is current. If the table still has that change with that
token, the file is an earlier state of this very database, and the later changes are applied. If
not, the file is rebuilt: the database is a restored older one or a different one, or has changed
too often since. The database is read after the file has been locked, so it is never older than the
file: a search covers nothing that was deleted, and misses nothing that was committed.
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
"""The mappings of this process, kept because a new mapping has to fault in its pages again."""


@dataclass(frozen=True, slots=True)
class Index:
    """All embeddings of one engine, and a session that reads the same state of the database."""

    session: Session
    rows: Mapped


def folder_beside(database: Engine) -> Path | None:
    """The folder of a database's matrix files; None if it has none."""
    file = dialect_of(database).file_of(database)
    return None if file is None else Path(f"{file}-vectors")


@contextmanager
def index(database: Engine, engine: str) -> Iterator[Index]:
    """The current embeddings of an engine, unchanged inside the block.

    Only for a database with a `folder_beside` it. Raises OSError if the file cannot be written,
    and StoreUnavailable.
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
    """Delete all matrix files of a database, after vectors were purged.

    Otherwise purged vectors would stay in them until the next search. Raises OSError.
    """
    folder = folder_beside(database)
    for path in sorted(folder.iterdir()) if folder is not None and folder.exists() else ():
        MatrixFile(path).remove()


def _mapped(file: MatrixFile, extent: Extent) -> Mapped:
    mapped_extent, mapped = _MAPPED.get(file.folder, (None, None))
    if mapped is None or mapped_extent != extent:
        mapped = file.mapped(extent)
        _MAPPED[file.folder] = extent, mapped
    return mapped


def _newest(session: Session) -> Change:
    newest = select(EmbeddingChange).order_by(col(EmbeddingChange.id).desc()).limit(1)
    row = session.exec(newest).one()  # the migration that created the table inserted the first
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
    result = session.exec(statement.execution_options(yield_per=_ROWS_AT_ONCE))
    for rows in result.partitions():
        yield _block(rows)


def _these(
    session: Session, engine: str, appearance_ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Vectors]:
    rows: list[Any] = []
    for batch in batches(appearance_ids.tolist()):
        rows += session.exec(_embeddings(engine).where(col(Embedding.appearance_id).in_(batch)))
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
