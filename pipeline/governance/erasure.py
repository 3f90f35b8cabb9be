"""Proof of a purge: search every byte of some folders for remnants."""

import mmap
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from faces.vectors import unit

_PIECE_BYTES = 32
"""Long enough that other bytes do not match by chance."""


@dataclass(frozen=True, slots=True)
class Scan:
    """What was searched, and the files in which a pattern was found."""

    files: int
    bytes: int
    patterns: int
    found_in: tuple[Path, ...]
    unreadable: int


def of_vector(vector: NDArray[np.float32]) -> list[bytes]:
    """Two patterns of an embedding: as in a table, and as in an index (unit length, float16)."""
    single = vector.astype("<f4").tobytes()
    half = unit(vector).astype("<f2").tobytes()
    return [_piece(single), _piece(half)]


def of_sealed(content: bytes) -> bytes:
    """A pattern of encrypted bytes: their beginning."""
    return _piece(content)


def of_picture(content: bytes) -> list[bytes]:
    """A pattern of a picture: bytes from its middle, where pictures differ."""
    return [_piece(content[len(content) // 2 :])]


def scan(folders: Iterable[Path], patterns: Sequence[bytes]) -> Scan:
    """Search every file below these folders for each pattern; symbolic links are skipped.

    Files that appear or disappear during the scan are no error; unreadable files are counted.
    """
    files = size = unreadable = 0
    found_in: list[Path] = []
    for path in _files(folders):
        try:
            size += path.stat().st_size
            if _holds_any(path, patterns):
                found_in.append(path)
            files += 1
        except FileNotFoundError:
            continue
        except OSError:
            unreadable += 1
    return Scan(files, size, len(patterns), tuple(found_in), unreadable)


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
