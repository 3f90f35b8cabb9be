"""Tells from its structure whether a file is truncated, for example by an interrupted copy.

MP4 and MOV are sequences of boxes, Matroska and WebM have one segment; each states its length.
Files that state no length (transport streams, live recordings) count as complete.
"""

import os
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from errors import UnreadableFootage
from footage.opening import open_footage

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"
_BOXES = frozenset(
    [b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"free", b"skip", b"wide"]
)
_MOST_BOXES = 500_000
"""More than two days of one-second fragments have. A hostile file may consist of boxes only."""


def refuse_part(path: str) -> None:
    """Raise UnreadableFootage if a file is truncated, and what `open_footage` raises."""
    with open_footage(path) as file:
        if ends_early(file, os.fstat(file.fileno()).st_size):
            raise UnreadableFootage(
                "The end of this file is missing; copy it again, or add it as it is with "
                "`nightreel ingest`."
            )


def ends_early(file: BinaryIO, size_bytes: int) -> bool:
    """Whether a file, open at its beginning, is shorter than it states."""
    if file.read(4) == _EBML:
        return _segment_end(file) > size_bytes
    return any(end > size_bytes for end in islice(_box_ends(file, size_bytes), _MOST_BOXES))


def _box_ends(file: BinaryIO, size_bytes: int) -> Iterator[int]:
    """The end of each box, up to one that is unknown or that extends to the end of the file."""
    begin = 0
    while begin < size_bytes:
        file.seek(begin)
        head = file.read(16)
        length = int.from_bytes(head[:4], "big")
        if head[4:8] not in _BOXES or length == 0:
            return
        if length == 1:
            length = int.from_bytes(head[8:16], "big")
        begin += max(length, 8)
        yield begin


def _segment_end(file: BinaryIO) -> int:
    """End of Matroska's segment; 0 if it is not stated."""
    file.seek(_length(file), os.SEEK_CUR)
    name = file.read(4)
    length = _length(file)
    return file.tell() + length if name == _SEGMENT and length else 0


def _length(file: BinaryIO) -> int:
    """Read a Matroska length; 0 if it is unknown, which is coded as all bits set."""
    first = file.read(1)
    if not first or not first[0]:
        return 0
    more = 8 - first[0].bit_length()
    highest = (1 << 7 * (more + 1)) - 1
    length = int.from_bytes(first + file.read(more), "big") & highest
    return 0 if length == highest else length
