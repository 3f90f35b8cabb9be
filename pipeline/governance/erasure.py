"""Proof that something is gone: every byte of some folders is looked through for it."""

import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faces.vectors import unit

_PIECE_BYTES = 32
"""Long enough that no other bytes are the same by chance."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was looked through, and where something was found."""

    files: int
    bytes: int
    patterns: int
    found_in: tuple[Path, ...]
    unreadable: int


def of_vector(vector: NDArray[np.float32]) -> list[bytes]:
    """An embedding as a table has it, and as an index does: of length one, in half precision."""
    single = vector.astype("<f4").tobytes()
    half = unit(vector).astype("<f2").tobytes()
    return [_piece(single), _piece(half)]


def of_sealed(content: bytes) -> bytes:
    """A piece of what was encrypted."""
    return _piece(content)


def of_picture(content: bytes) -> list[bytes]:
    """A piece out of the middle of a picture's bytes, where pictures differ."""
    return [_piece(content[len(content) // 2 :])]


def scan(folders: Iterable[Path], patterns: Sequence[bytes]) -> Scan:
    """Look for each of the patterns in each file below these folders.

    Files that come or go meanwhile do no harm; what cannot be read is counted.
    """
    files = size = unreadable = 0
    found: list[Path] = []
    for path in _files(folders):
        try:
            size += path.stat().st_size
            if _holds_any(path, patterns):
                found.append(path)
            files += 1
        except FileNotFoundError:
            continue
        except OSError:
            unreadable += 1
    return Scan(files, size, len(patterns), tuple(found), unreadable)


def _holds_any(path: Path, patterns: Sequence[bytes]) -> bool:
    with path.open("rb") as file:
        if not os.fstat(file.fileno()).st_size:
            return False
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return any(content.find(pattern) >= 0 for pattern in patterns)


def _files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                yield path


def _piece(content: bytes) -> bytes:
    return content[:_PIECE_BYTES]
