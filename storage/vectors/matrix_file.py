"""The vectors of one engine in a memory-mapped file, for fast searches.

The file is derived from the tables, which are authoritative. Its folder contains `rows` (appearance
and analysis of each row, int64), `matrix` (unit vectors, float16), `lock`, and `state`: the change
of the tables up to which the file is current. `state` is removed while the file is being changed,
so a file that a killed process leaves behind is rebuilt.
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
    """One change of the tables; its id and token together are unique across databases."""

    id: int
    token: int


@dataclass(frozen=True, slots=True)
class Extent:
    """The change up to which a file is current, and its shape."""

    change: Change
    rows: int
    dimension: int


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """The rows of a file, valid while its lock is held: ids [n], unit vectors [n, d]."""

    appearance_ids: NDArray[np.int64]
    analysis_ids: NDArray[np.int64]
    matrix: NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class MatrixFile:
    """A folder with one engine's vectors, accessible to its owner only."""

    folder: Path

    @contextmanager
    def locked(self, *, to_change: bool = False) -> Iterator[None]:
        """Hold a shared lock on the file, or an exclusive one if `to_change`. Raises OSError."""
        for folder in (self.folder.parent, self.folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        with locked(self.folder / "lock", shared=not to_change):
            yield

    def extent(self) -> Extent | None:
        """The extent of the file; None if there is no complete file."""
        try:
            state = json.loads((self.folder / "state").read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return Extent(Change(**state["change"]), state["rows"], state["dimension"])

    def mapped(self, extent: Extent) -> Mapped:
        """The rows of the file, memory-mapped: later changes of the file show up in them."""
        if not extent.rows:
            none = np.empty(0, np.int64)
            return Mapped(none, none, np.empty((0, 0), np.float16))
        # Not read-only, since torch would warn; nothing writes through this mapping.
        places = np.memmap(self.folder / "rows", np.int64, "r+", shape=(extent.rows, 2))
        shape = (extent.rows, extent.dimension)
        matrix = np.memmap(self.folder / "matrix", np.float16, "r+", shape=shape)
        return Mapped(places[:, 0], places[:, 1], matrix)

    def rewrite(
        self, change: Change, blocks: Iterator[tuple[NDArray[np.int64], Vectors]]
    ) -> Extent:
        """Replace all rows by blocks of (appearance and analysis ids [n, 2], vectors [n, d])."""
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
        """Write rows, as in `rewrite`, over those at indices `gone`; fill the rest from the end.

        No byte of the rows that are gone remains.
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
        """Mark the file as current up to a change; none of its rows changed until then."""
        return self._declare(Extent(change, extent.rows, extent.dimension))

    def remove(self) -> None:
        """Delete the vectors; the file is rebuilt when needed. Raises OSError."""
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
