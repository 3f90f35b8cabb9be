"""A folder that footage is put into: what lies in it, and what of that has stopped changing.

It is looked at again and again: no network share tells what another computer writes to it. Nothing
in it is ever written, moved or deleted.
"""

import fcntl
import os
import signal
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from errors import FootageVanished

LINK = "This is a link, and links are not followed; put the file itself into the folder."
NO_FILE = "This is a pipe, a socket or a device, not a file; put the video itself there."
UNREADABLE = "Permission denied; give Nightreel's user access."
TROUBLES = frozenset([LINK, NO_FILE, UNREADABLE])
"""What is told without reading a file, and may end without the file being changed."""

_PARTIAL = (
    ".part",
    ".partial",
    ".filepart",
    ".crdownload",
    ".opdownload",
    ".download",
    ".tmp",
    ".temp",
    "~",
)
_HOUSEKEEPING = frozenset(
    [
        "#recycle",
        "$recycle.bin",
        "@eadir",
        "desktop.ini",
        "lost+found",
        "system volume information",
        "thumbs.db",
    ]
)
_LATEST_NS = 2**63 - 1
"""In the year 2262; what claims to be later is given this time."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a watched folder, as one look at it found it."""

    path: str
    """Absolute; may hold surrogate escapes: names on disk are bytes."""
    size_bytes: int
    modified_ns: int
    changed_ns: int
    """Moves on with every write, and cannot be set back."""
    trouble: str = ""
    """Why it is not to be read, one of TROUBLES; empty for a file that can be."""


class Settling:
    """Tells what has stopped changing, from one look after another."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[Entry, float] = {}

    def settled(self, entries: Iterable[Entry], now: float) -> list[Entry]:
        """Of the entries one look found, those found the same for `settle_seconds`.

        `now` is of a clock that only runs forward, seconds.
        """
        self._since = {entry: self._since.get(entry, now) for entry in entries}
        return [
            entry for entry, since in self._since.items() if now - since >= self._settle_seconds
        ]

    def start_again(self, entry: Entry) -> None:
        """Wait again until an entry no longer changes, as if it had just been found."""
        self._since.pop(entry, None)


def look(folder: str) -> list[Entry]:
    """All that lies in a folder, however deep, by path.

    Left out is what a name tells to be unfinished, hidden or no footage, with all below it. Raises
    FootageVanished when the folder itself is not there or may not be read.
    """
    found: list[Entry] = []
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            found += _look_into(here, folders)
        except OSError as error:
            if here == folder:
                raise FootageVanished(
                    f"The watched folder cannot be read ({error.strerror}); restore it, or give "
                    "Nightreel's user access."
                ) from error
            found += _unreadable(here, error)
    return sorted(found, key=lambda entry: entry.path)


def look_at(path: str) -> Entry | None:
    """One entry, as `look` would find it now; None when it cannot be found."""
    try:
        return _entry(path, os.lstat(path))
    except OSError:
        return None


def is_left_out(name: str) -> bool:
    """Whether a name tells that this is not finished yet, is hidden, or is never footage."""
    lower = name.lower()
    return lower.startswith((".", "~")) or lower.endswith(_PARTIAL) or lower in _HOUSEKEEPING


def is_being_written(path: str) -> bool:
    """Whether a process of this machine has a file open for writing.

    Where that cannot be told (other people's files, network shares, systems other than Linux) the
    answer is no.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # A writer that comes while the lease is held would have us told by SIGIO, which kills.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)  # the lease goes with it
    return False


def _look_into(here: str, folders: list[str]) -> Iterator[Entry]:
    """The entries of one folder; the folders in it are added to `folders`."""
    with os.scandir(here) as listing:
        for each in listing:
            if is_left_out(each.name):
                continue
            try:
                status = each.stat(follow_symlinks=False)
            except OSError as error:
                yield from _unreadable(each.path, error)
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(each.path)
            else:
                yield _entry(each.path, status)


def _unreadable(path: str, error: OSError) -> list[Entry]:
    gone = isinstance(error, FileNotFoundError | NotADirectoryError)
    return [] if gone else [Entry(path, 0, 0, 0, UNREADABLE)]


def _entry(path: str, status: os.stat_result) -> Entry:
    modified_ns = min(status.st_mtime_ns, _LATEST_NS)
    return Entry(path, status.st_size, modified_ns, status.st_ctime_ns, _trouble(path, status))


def _trouble(path: str, status: os.stat_result) -> str:
    if stat.S_ISLNK(status.st_mode):
        return LINK
    if not stat.S_ISREG(status.st_mode):
        return NO_FILE
    return "" if os.access(path, os.R_OK) else UNREADABLE
