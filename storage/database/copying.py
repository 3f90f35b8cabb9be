"""PostgreSQL's COPY: bulk reads and writes, many times as fast as statements."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import sqlalchemy
from numpy.typing import NDArray
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, SQLModel

from faces.vectors import Vectors

_SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_REAL_OID = 700
_DIALECT = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]


def insert_copied(
    session: Session,
    table: type[SQLModel],
    names: Sequence[str],
    key: Sequence[str],
    *,
    write: Callable[[Any], None],
    form: str = "TEXT",
    are_new: bool = False,
) -> None:
    """Insert what `write` puts into a COPY of these columns; rows whose key exists are updated.

    COPY cannot handle conflicts, so the rows go through a temporary table. Rows that `are_new`
    have no conflicts and are written directly.
    """
    of_table: Any = table
    target = of_table.__table__
    if are_new:
        _copy_in(session, target.name, names, write, form)
        return
    staged = sqlalchemy.table(f"incoming_{target.name}", *map(sqlalchemy.column, names))
    session.connection().exec_driver_sql(
        f"CREATE TEMP TABLE {staged.name} ON COMMIT DROP AS"
        f" SELECT {_listed(names)} FROM {target.name} WITH NO DATA"
    )
    _copy_in(session, staged.name, names, write, form)
    staged_rows = sqlalchemy.select(*(staged.c[name] for name in names))
    insert = postgresql.insert(target).from_select(list(names), staged_rows)
    values = {name: insert.excluded[name] for name in names if name not in key}
    session.connection().execute(insert.on_conflict_do_update(index_elements=key, set_=values))
    session.connection().exec_driver_sql(f"DROP TABLE {staged.name}")


def _copy_in(
    session: Session, table: str, names: Sequence[str], write: Callable[[Any], None], form: str
) -> None:
    copying = f"COPY {table} ({_listed(names)}) FROM STDIN (FORMAT {form})"
    with _cursor(session) as cursor, cursor.copy(copying) as copy:
        write(copy)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def write_rows(copy: Any, table: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    """Put rows, which all have the same columns, into a COPY, converted by their column types."""
    of_table: Any = table
    types = [of_table.__table__.c[name].type.dialect_impl(_DIALECT) for name in rows[0]]
    bind = [kind.bind_processor(_DIALECT) or (lambda value: value) for kind in types]
    for row in rows:
        copy.write_row([convert(value) for convert, value in zip(bind, row.values(), strict=True)])


def write_vectors(
    copy: Any, ids: NDArray[np.int64], engine: str, weights_sha256: str | None, vectors: Vectors
) -> None:
    """Put rows of (appearance, engine, weights, vector) into a binary COPY.

    `ids` are [n], `vectors` [n, d]. NumPy builds the bytes of all rows at once.
    """
    names = _field(engine) + _field(weights_sha256)
    rows = np.zeros(len(ids), _row_layout(vectors.shape[1], len(names)))
    rows["fields"], rows["id_size"], rows["id"] = 4, 4, ids
    rows["names"] = np.frombuffer(names, rows["names"].dtype)
    rows["array_size"] = 20 + rows["elements"].dtype.itemsize * vectors.shape[1]
    rows["dimensions"], rows["type"], rows["first"] = 1, _REAL_OID, 1
    rows["length"] = vectors.shape[1]
    rows["elements"]["size"], rows["elements"]["value"] = 4, vectors
    for part in (_SIGNATURE, rows.tobytes(), _END):
        copy.write(part)


def copied_vectors(
    session: Session, statement: sqlalchemy.Select[*tuple[Any, ...]], *, at_once: int
) -> Iterator[tuple[NDArray[np.int64], Vectors]]:
    """The (id, vector) rows of a statement as ids [n] and vectors [n, d], n at most `at_once`."""
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    rows: list[bytes] = []
    with _cursor(session) as cursor:
        copying = f"COPY ({compiled}) TO STDOUT (FORMAT BINARY)"
        with cursor.copy(copying, compiled.params) as copy:
            for message in copy:
                row = bytes(message).removeprefix(_SIGNATURE)
                rows += [row] if row not in (b"", _END) else []
                if len(rows) == at_once:
                    yield _block(rows)
                    rows = []
    if rows:
        yield _block(rows)


def _block(rows: Sequence[bytes]) -> tuple[NDArray[np.int64], Vectors]:
    dimension = (len(rows[0]) - _row_layout(0).itemsize) // 8
    table = np.frombuffer(b"".join(rows), _row_layout(dimension))
    return table["id"].astype(np.int64), table["elements"]["value"].astype(np.float32)


def _row_layout(dimension: int, names: int = 0) -> np.dtype[Any]:
    """Layout of a row in a binary COPY: id, fields of `names` bytes in all, array of reals."""
    element = np.dtype([("size", ">i4"), ("value", ">f4")])
    array = ("array_size", "dimensions", "flags", "type", "length", "first")
    id_and_names = [("fields", ">i2"), ("id_size", ">i4"), ("id", ">i4"), ("names", f"V{names}")]
    return np.dtype(
        [*id_and_names, *((name, ">i4") for name in array), ("elements", element, (dimension,))]
    )


def _field(text: str | None) -> bytes:
    if text is None:
        return (-1).to_bytes(4, signed=True)
    return len(text.encode()).to_bytes(4) + text.encode()


@contextmanager
def _cursor(session: Session) -> Iterator[Any]:
    """The driver's own cursor, for COPY, which SQLAlchemy lacks; raises SQLAlchemy's errors."""
    connection = session.connection()
    driver: Any = connection.connection.driver_connection
    any_error = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor:
            yield cursor
    except any_error as error:
        raise DBAPIError.instance("COPY", None, error, any_error, hide_parameters=True) from error
