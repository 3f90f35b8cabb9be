"""Column types for vectors: the only place that knows how a vector is stored."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import REAL, Dialect, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeDecorator, TypeEngine


class Vector(TypeDecorator[NDArray[np.float32]]):
    """A float32 vector [d], stored as little-endian bytes.

    `dimension` is checked if given. Raises ValueError for a vector that is not one-dimensional, is
    empty or is not finite; the message contains no values.
    """

    impl = LargeBinary
    cache_ok = True

    def __init__(self, dimension: int | None = None) -> None:
        super().__init__()
        self.dimension = dimension

    def process_bind_param(
        self, value: NDArray[np.float32] | None, _dialect: Dialect
    ) -> bytes | None:
        if value is None:
            return None
        vector = finite(np.asarray(value, dtype="<f4"), axes=1)
        if self.dimension not in (None, vector.size):
            raise ValueError(f"a vector of {vector.size} numbers, {self.dimension} expected")
        return vector.tobytes()

    def process_result_value(
        self, value: bytes | None, _dialect: Dialect
    ) -> NDArray[np.float32] | None:
        if value is None:
            return None
        return np.frombuffer(value, dtype="<f4").astype(np.float32, copy=False)

    def compare_values(self, x: Any, y: Any) -> bool:
        return np.array_equal(x, y)


class SearchedVector(Vector):
    """A vector that PostgreSQL stores as an array of reals, which pgvector can index."""

    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(ARRAY(REAL))
        return dialect.type_descriptor(LargeBinary())

    def process_bind_param(self, value: NDArray[np.float32] | None, dialect: Dialect) -> Any:
        stored = super().process_bind_param(value, dialect)
        if stored is None or dialect.name != "postgresql":
            return stored
        return np.frombuffer(stored, dtype="<f4").tolist()

    def process_result_value(self, value: Any, dialect: Dialect) -> NDArray[np.float32] | None:
        if isinstance(value, list):
            return np.array(value, dtype=np.float32)
        return super().process_result_value(value, dialect)


def finite(vectors: NDArray[np.float32], *, axes: int) -> NDArray[np.float32]:
    """Return `vectors` unchanged.

    Raises ValueError if they are empty, not finite, or do not have `axes` axes; the message
    contains no values.
    """
    if vectors.ndim != axes or not vectors.size or not np.isfinite(vectors).all():
        raise ValueError(f"not a finite vector: shape {vectors.shape}")
    return vectors


def matrix(vectors: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Stack vectors of one engine: shape [n, d], or [0, 0] if there are none."""
    if not vectors:
        return np.empty((0, 0), dtype=np.float32)
    return np.stack(vectors)
