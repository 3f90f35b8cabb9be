"""Vectors of reference photos at rest: each is sealed with the key of its case, for its own row.

A stolen database, or a copy of it, shows nobody who is looked for. Vectors of whoever was seen are
not sealed: a search reads all of them.
"""

import json
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement
from sqlmodel import col, select
from sqlmodel.sql.expression import Select

from storage.files.keys import Key, Keyring
from storage.tables import DataKey, Reference
from storage.tables.vectors import finite

_WHAT = "reference vector 1"
ERASED = "Its vector was purged with the key of its case; upload the photo again."
"""The verdict on a photo whose vector can be opened by nobody."""
ALTERED = "Its vector was altered in storage; upload the photo again."
"""The verdict on a photo whose row is not as it was written."""


def openable() -> ColumnElement[bool]:
    """References with a vector whose key is there; a destroyed key leaves no number behind."""
    return col(Reference.key_id).is_not(None)


def with_keys() -> Select[Reference, DataKey]:
    """Every reference that can be opened, with its key; in one statement, for a purge between two
    would take the key away."""
    return select(Reference, DataKey).join(DataKey, col(Reference.key_id) == DataKey.id)


def verdict_on(row: Reference) -> str:
    """What is said of a photo: as it was judged, or that its vector is erased."""
    return ERASED if row.sealed_vector is not None and row.key_id is None else row.verdict


def seal(row: Reference, vector: NDArray[np.float32], key: Key) -> None:
    """Put a vector [d] of finite numbers into a row; the same again gives the same bytes.

    Raises ValueError for any other vector.
    """
    plain = finite(np.asarray(vector, dtype="<f4"), axes=1).tobytes()
    row.key_id = key.id
    row.sealed_vector = key.seal(plain, _about(row))


def opened(
    keys: Keyring, found: Iterable[tuple[Reference, DataKey]]
) -> list[NDArray[np.float32] | None]:
    """The vectors of these references, each given with its key; None where a row was altered.

    Raises WrongUsage under another master key.
    """
    by_id: dict[int, Key] = {}
    vectors = []
    for row, wrapped in found:
        key = by_id.get(wrapped.id) or by_id.setdefault(wrapped.id, keys.unwrapped(wrapped))
        vectors.append(_opened(row, key))
    return vectors


def _opened(row: Reference, key: Key) -> NDArray[np.float32] | None:
    plain = key.open(row.sealed_vector or b"", _about(row))
    if plain is None:
        return None
    return np.frombuffer(plain, dtype="<f4").astype(np.float32, copy=False)


def _about(row: Reference) -> bytes:
    # By its natural key, for nobody is to be searched for with another's vector.
    return json.dumps([_WHAT, row.key_id, row.person_id, row.photo_sha256, row.engine]).encode()
