"""pgvector, if the PostgreSQL server has it: an index proposes the closest appearances.

Each engine has an index (HNSW) over its own vectors. What it proposes is compared exactly
afterwards. It may miss a few. If there is no index, or a filter leaves too few of the proposed
appearances, every vector in the scope is read instead, which misses none.
"""

import hashlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ARRAY, Connection, Integer, any_, func, literal, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, col, select

from errors import WrongUsage
from faces.engine import ModelCard
from faces.prefilter import ERROR, least_cosine
from faces.vectors import Vectors
from storage.cases.scope import EVERYWHERE, Scope, analyses, appearances
from storage.database.database import Engine
from storage.database.dialect import dialect_of
from storage.tables import Appearance, Embedding

LONGEST = 2000
"""Maximum dimension of a vector in the index."""
MOST = 1000
"""Maximum number of appearances that the index proposes at once."""
LITTLE = 20_000
"""A scope with no more appearances than this is searched without the index."""
AT_LEAST = 100
_GRAPH = ("m=24", "ef_construction=200")
"""More neighbours, chosen among more, than pgvector's defaults: the several appearances of a person
form islands, which fewer neighbours do not connect, however many are proposed."""

_IS_THERE = f"""
SELECT indisvalid AND COALESCE(reloptions @> ARRAY{list(_GRAPH)}, false)
FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indexrelid = to_regclass(:name)
"""
_PROPOSED = """
SELECT appearance_id, vector::vector({dimension}) <=> CAST(:photo AS vector({dimension})) AS apart
FROM embedding WHERE engine = :engine ORDER BY apart LIMIT :number
"""


def build_index(database: Engine, card: ModelCard) -> bool:
    """Build the index of an engine's vectors, without blocking writers; False if it exists already.

    Raises WrongUsage if there can be none.
    """
    if not dialect_of(database).has_vector_index:
        raise WrongUsage("Only PostgreSQL takes an index; on SQLite every vector is compared.")
    if card.dimension > LONGEST:
        raise WrongUsage(
            f"Vectors of {card.name} have {card.dimension} numbers, and pgvector's index takes "
            f"{LONGEST}; searches go on without it, reading every vector."
        )
    alone = database.execution_options(isolation_level="AUTOCOMMIT")
    with alone.connect() as connection:
        _switch_on(connection)
        is_valid = connection.execute(text(_IS_THERE), {"name": _name(card)}).scalar()
        if is_valid:
            return False
        _build(connection, card, is_useless=is_valid is not None)
    return True


def proposed(
    session: Session, photos: Vectors, card: ModelCard, scope: Scope, limit: int
) -> NDArray[np.int64] | None:
    """Ids of the appearances within a scope that the index proposes as closest to photos [k, d].

    None if there is no index, or if it cannot propose as many as may be within the threshold.
    """
    if limit > MOST or not session.scalar(text(_IS_THERE), {"name": _name(card)}):
        return None
    if scope != EVERYWHERE and _keeps_little(session, scope):
        return None
    number = MOST if scope != EVERYWHERE else min(MOST, max(AT_LEAST, 2 * limit))
    session.connection().exec_driver_sql(f"SET LOCAL hnsw.ef_search = {number}")
    by_photo = [_of_photo(session, photo, card, scope, limit, number) for photo in photos]
    complete = [ids for ids in by_photo if ids is not None]
    return np.unique(np.concatenate(complete)) if len(complete) == len(by_photo) else None


def _of_photo(
    session: Session, photo: Any, card: ModelCard, scope: Scope, limit: int, number: int
) -> NDArray[np.int64] | None:
    rows = session.connection().execute(
        text(_PROPOSED.format(dimension=card.dimension)),
        {"photo": str(photo.tolist()), "engine": card.name, "number": number},
    )
    ids, apart = np.array([tuple(row) for row in rows], np.float64).reshape(-1, 2).T
    farthest_that_counts = 1 - least_cosine(card.threshold, card.distance)
    # Fewer rows than asked for prove nothing: the index also proposes rows that were deleted.
    is_all = len(ids) and apart[-1] > farthest_that_counts
    if len(ids) < number and not is_all:
        is_all = len(ids) == _number_there(session, card, number)
    if scope != EVERYWHERE:
        is_wanted = np.isin(ids, _within(session, ids.astype(int).tolist(), scope))
        ids, apart = ids[is_wanted], apart[is_wanted]
    if not is_all and len(ids) < limit:
        return None
    # The index's distances are rounded, so those just beyond the last that counts are kept, too.
    farthest = np.sort(apart)[:limit].max(initial=0)
    close: NDArray[np.int64] = ids[apart <= farthest + 2 * ERROR].astype(np.int64)
    return close


def _number_there(session: Session, card: ModelCard, most: int) -> int:
    """How many vectors the engine has, counted up to `most`."""
    there = select(Embedding.appearance_id).where(col(Embedding.engine) == card.name).limit(most)
    return session.exec(select(func.count()).select_from(there.subquery())).one()


def _keeps_little(session: Session, scope: Scope) -> bool:
    """Whether reading every vector of a scope is fast, and the index would propose few of them."""
    wanted = literal(analyses(session, scope), ARRAY(Integer))
    in_scope = select(Appearance.id).where(col(Appearance.analysis_id) == any_(wanted))
    return session.exec(in_scope.offset(LITTLE).limit(1)).first() is None


def _within(session: Session, appearance_ids: Any, scope: Scope) -> list[int]:
    among = col(Appearance.id).in_(appearance_ids)
    return list(session.exec(appearances(session, scope).where(among)))


def _switch_on(connection: Connection) -> None:
    try:
        connection.execute(text("CREATE EXTENSION IF NOT EXISTS vector"))
    except DBAPIError as error:
        raise WrongUsage(
            "This PostgreSQL server has no pgvector, or this account may not switch it on; ask "
            "its administrator for `CREATE EXTENSION vector`. Searches go on without it, reading "
            "every vector."
        ) from error


def _build(connection: Connection, card: ModelCard, *, is_useless: bool) -> None:
    name, engine = _name(card), card.name.replace("'", "''")
    if is_useless:  # its build was interrupted, or it is from an earlier version
        connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {name}")
    connection.exec_driver_sql("SET maintenance_work_mem = '512MB'")
    connection.exec_driver_sql(
        f"CREATE INDEX CONCURRENTLY {name} ON {Embedding.__tablename__}"
        f" USING hnsw ((vector::vector({card.dimension})) vector_cosine_ops)"
        f" WITH ({', '.join(_GRAPH)})"
        f" WHERE engine = '{engine}'"
    )
    connection.exec_driver_sql("RESET maintenance_work_mem")


def _name(card: ModelCard) -> str:
    return f"ix_embedding_near_{hashlib.sha256(card.name.encode()).hexdigest()[:12]}"
