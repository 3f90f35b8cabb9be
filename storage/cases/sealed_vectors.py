"""Sealed vectors of reference photos: each is encrypted with the key of its case, bound to its row.

A stolen database, or a copy of it, shows no person of interest. Vectors of appearances are
not sealed, since a search reads all of them.
"""

import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from storage.files.keys import Key, Keyring
from storage.tables import DataKey, Reference
from storage.tables.vectors import finite

_WHAT = "reference vector 1"
ERASED = "Its vector was purged with the key of its case; upload the photo again."
"""The assessment of a photo whose vector can no longer be opened."""
ALTERED = "Its vector was altered in storage; upload the photo again."
"""The assessment of a photo whose row was altered."""


def openable() -> ColumnElement[bool]:
    """Condition for references with a vector and its key; `key_id` is null once it is destroyed."""
    return col(Reference.key_id).is_not(None)


def with_keys() -> Select[Reference, DataKey]:
    """Selects every reference that can be opened, with its key. One statement, since a purge
    between two statements could delete the key."""
    return select(Reference, DataKey).join(DataKey, col(Reference.key_id) == DataKey.id)


def verdict_on(row: Reference) -> str:
    """The assessment of a photo, or that its vector was purged."""
    return ERASED if row.sealed_vector is not None and row.key_id is None else row.verdict


def seal(row: Reference, vector: NDArray[np.float32], key: Key) -> None:
    """Seal a vector [d] of finite numbers into a row; sealing again gives the same bytes.

    Raises ValueError for any other vector.
    """
    plain = finite(np.asarray(vector, dtype="<f4"), axes=1).tobytes()
    row.key_id = key.id
    row.sealed_vector = key.seal(plain, _about(row))


def opened(
    keys: Keyring, sealed: Iterable[tuple[Reference, DataKey]]
) -> list[NDArray[np.float32] | None]:
    """The vectors [d] of references given with their keys, in order; None if a row was altered.

    Raises WrongUsage under a different master key.
    """
    by_id: dict[int, Key] = {}
    vectors = []
    for row, wrapped in sealed:
        key = by_id.get(wrapped.id) or by_id.setdefault(wrapped.id, keys.unwrapped(wrapped))
        vectors.append(_opened(row, key))
    return vectors


def _opened(row: Reference, key: Key) -> NDArray[np.float32] | None:
    plain = key.open(row.sealed_vector or b"", _about(row))
    if plain is None:
        return None
    return np.frombuffer(plain, dtype="<f4").astype(np.float32, copy=False)


def _about(row: Reference) -> bytes:
    # The natural key, so that a vector moved to another person's row cannot be opened there.
    return json.dumps([_WHAT, row.key_id, row.person_id, row.photo_sha256, row.engine]).encode()


def vectors_by_photo(
    session: Session, person_id: int, engine: str, *, keys: Keyring
) -> list[tuple[str, NDArray[np.float32]]]:
    """Name and vector [d] of each photo of a person that an engine compares, as they were added.

    Altered vectors are left out. Raises WrongUsage under a different master key.
    """
    mine = with_keys().where(col(Reference.person_id) == person_id, col(Reference.engine) == engine)
    sealed = session.exec(mine.order_by(col(Reference.id))).all()
    return [
        (row.photo_name, vector)
        for (row, _), vector in zip(sealed, opened(keys, sealed), strict=True)
        if vector is not None
    ]
