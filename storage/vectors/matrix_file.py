"""Vectors of one engine as a file that is mapped into memory: what the tables say, made quick.

Derived from the tables and never the truth. Its folder holds `rows` (appearance and analysis of
each row, int64), `matrix` (unit vectors, float16), `lock`, and `state`, which says up to which
change of the tables the rest is true. While the rest is changed there is no `state`: what a killed
process leaves behind is rebuilt.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from atomic_file import atomic_write, sync
from faces.vectors import Vectors, unit
from file_locks import locked


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the tables; no other change, of no other database, has its number and token."""

    id: int
    token: int


@dataclass(frozen=True, slots=True)
class Extent:
    """Up to which change a file is true, and its shape."""

    change: Change
    rows: int
    dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """The rows of a file, as they are while its lock is held."""

    appearance_ids: NDArray[np.int64]
    analysis_ids: NDArray[np.int64]
    matrix: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """A folder for one engine's vectors, for its owner alone."""

    folder: Path

    @contextmanager
    def locked(self, *, to_change: bool = False) -> Iterator[None]:
        """Nobody else changes the file meanwhile, or reads it, if `to_change`. Raises OSError."""
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        with locked(self.folder / "lock", shared=not to_change):
            yield

    def extent(self) -> Extent | None:
        """None where there is no whole file."""
        try:
            state = json.loads((self.folder / "state").read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return Extent(Change(**state["change"]), state["rows"], state["dimension"])

    def mapped(self, extent: Extent) -> Mapped:
        """The file's rows; changes of the file are seen in it."""
        if not extent.rows:
            none = np.empty(0, np.int64)
            return Mapped(none, none, np.empty((0, 0), np.float16))
        # Not read-only, or torch would warn of it; nobody writes through this.
        places = np.memmap(self.folder / "rows", np.int64, "r+", shape=(extent.rows, 2))
        shape = (extent.rows, extent.dimension)
        matrix = np.memmap(self.folder / "matrix", np.float16, "r+", shape=shape)
        return Mapped(places[:, 0], places[:, 1], matrix)

    def rewrite(
        self, change: Change, blocks: Iterator[tuple[NDArray[np.int64], Vectors]]
    ) -> Extent:
        """Make these the rows: blocks of (appearance and analysis [n, 2], vectors [n, d])."""
        self._invalidate()
        rows = dimension = 0
        with self._open("rows") as places, self._open("matrix") as matrix:
            for ids, vectors in blocks:
                places.write(ids.tobytes())
                matrix.write(unit(vectors).astype(np.float16).tobytes())
                rows, dimension = rows + len(ids), vectors.shape[1]
        return self._declare(Extent(change, rows, dimension))

    def amend(
        self,
        extent: Extent,
        change: Change,
        *,
        gone: NDArray[np.int64],
        ids: NDArray[np.int64],
        vectors: Vectors,
    ) -> Extent:
        """Put rows in the places of those `gone`, as `rewrite` has them; the last fill the rest.

        No byte of what is gone remains.
        """
        self._invalidate()
        rows = extent.rows - len(gone) + len(ids)
        free = np.concatenate([gone[gone < rows], np.arange(extent.rows, rows)])
        moved = np.setdiff1d(np.arange(rows, extent.rows), gone)
        half = unit(vectors).astype(np.float16).reshape(len(ids), extent.dimension)
        for name, new in (("rows", ids), ("matrix", half)):
            file = self.folder / name
            os.truncate(file, max(extent.rows, rows) * new[:0].strides[0])
            whole = np.memmap(file, new.dtype, "r+")
            table = whole.reshape(-1, new.shape[1])
            table[free] = np.concatenate([table[moved], new])
            whole.flush()
            os.truncate(file, rows * new[:0].strides[0])
        return self._declare(Extent(change, rows, extent.dimension))

    def advance(self, extent: Extent, change: Change) -> Extent:
        """Say that the changes up to this one were none of its rows."""
        return self._declare(Extent(change, extent.rows, extent.dimension))

    def remove(self) -> None:
        """Remove the vectors; the file is rebuilt when it is needed. Raises OSError."""
        with self.locked(to_change=True):
            self._invalidate()
            for name in ("rows", "matrix"):
                (self.folder / name).unlink(missing_ok=True)

    def _open(self, name: str) -> BinaryIO:
        return os.fdopen(
            os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
        )

    def _invalidate(self) -> None:
        (self.folder / "state").unlink(missing_ok=True)
        sync(self.folder)

    def _declare(self, extent: Extent) -> Extent:
        for name in ("rows", "matrix"):
            sync(self.folder / name)
        with atomic_write(self.folder / "state") as state:
            state.write(json.dumps(asdict(extent)).encode())
        return extent
