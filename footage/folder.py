"""The watched folder: which files it contains, and which of them have stopped changing.

It is polled, because network shares do not report what other computers write to them. Nothing in
it is ever written, moved or deleted.
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
"""Troubles found without reading the file; they may end without a change to the file."""

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
"""In the year 2262; later times are replaced by this one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or other entry of a watched folder, as one scan found it."""

    path: str
    """Absolute; may contain surrogate escapes, because names on disk are bytes."""
    size_bytes: int
    modified_ns: int
    changed_ns: int
    """Advances with every write, and cannot be set back."""
    trouble: str = ""
    """Why it must not be read, one of TROUBLES; empty for a file that can be read."""


class Settling:
    """Tells from consecutive scans which entries have stopped changing."""

    def __init__(self, settle_seconds: float) -> None:
        self._settle_seconds = settle_seconds
        self._since: dict[Entry, float] = {}

    def settled(self, entries: Iterable[Entry], now: float) -> list[Entry]:
        """Those entries of one scan that have been unchanged for `settle_seconds`.

        `now` is the time of a monotonic clock, seconds.
        """
        self._since = {entry: self._since.get(entry, now) for entry in entries}
        return [
            entry for entry, since in self._since.items() if now - since >= self._settle_seconds
        ]

    def start_again(self, entry: Entry) -> None:
        """Treat an entry as if it had just been found."""
        self._since.pop(entry, None)


def look(folder: str) -> list[Entry]:
    """All entries below a folder at any depth, sorted by path.

    Omits entries whose name tells that they are unfinished, hidden or no footage, and everything
    below them. Raises FootageVanished if the folder itself does not exist or cannot be read.
    """
    entries: list[Entry] = []
    folders = [folder]
    while folders:
        here = folders.pop()
        try:
            entries += _look_into(here, folders)
        except OSError as error:
            if here == folder:
                raise FootageVanished(
                    f"The watched folder cannot be read ({error.strerror}); restore it, or give "
                    "Nightreel's user access."
                ) from error
            entries += _unreadable(here, error)
    return sorted(entries, key=lambda entry: entry.path)


def look_at(path: str) -> Entry | None:
    """One entry, as `look` would find it now; None if it cannot be found."""
    try:
        return _entry(path, os.lstat(path))
    except OSError:
        return None


def is_left_out(name: str) -> bool:
    """Whether a name tells that its file is unfinished, hidden, or never footage."""
    lower = name.lower()
    return lower.startswith((".", "~")) or lower.endswith(_PARTIAL) or lower in _HOUSEKEEPING


def is_being_written(path: str) -> bool:
    """Whether a process on this machine has a file open for writing.

    False where that cannot be told: other users' files, network shares, systems other than Linux.
    """
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        # If a writer opens the file while we hold the lease, the kernel sends SIGIO, which kills.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)  # ends the lease too
    return False


def _look_into(here: str, folders: list[str]) -> Iterator[Entry]:
    """The entries of one folder; its subfolders are appended to `folders`."""
    with os.scandir(here) as listing:
        for item in listing:
            if is_left_out(item.name):
                continue
            try:
                status = item.stat(follow_symlinks=False)
            except OSError as error:
                yield from _unreadable(item.path, error)
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(item.path)
            else:
                yield _entry(item.path, status)


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
