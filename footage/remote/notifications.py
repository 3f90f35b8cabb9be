"""Notifications of reads that the kernel holds, and the answers to them: seccomp_unotify(2)."""

import errno
import fcntl
import struct
from dataclasses import dataclass

from footage.sandbox.confine import this_machine

_RECEIVE, _SEND = 0xC0502100, 0xC0182101
_NOTICE, _ANSWER = "QIIiIQ6Q", "QqiI"
_CONTINUE = 1


@dataclass(frozen=True, slots=True)
class Read:
    """One held read(2) or pread(2)."""

    id: int
    thread: int
    """Id of the reading thread in our process namespace."""
    count: int
    """Number of bytes requested."""
    offset: int | None
    """Where pread(2) begins; None for read(2), which continues at the file's position."""


def receive(listener: int) -> Read | None:
    """The next held read; None if its thread has ended meanwhile. Raises OSError."""
    notice = bytearray(struct.calcsize(_NOTICE))
    try:
        fcntl.ioctl(listener, _RECEIVE, notice)
    except (FileNotFoundError, InterruptedError):
        return None
    number, thread, _, call, _, _, _, _, count, offset, _, _ = struct.unpack(_NOTICE, notice)
    return Read(number, thread, count, offset if call == this_machine().pread else None)


def let_go_on(listener: int, read: Read) -> None:
    """Let the kernel perform the read. Raises OSError."""
    _send(listener, struct.pack(_ANSWER, read.id, 0, 0, _CONTINUE))


def let_fail(listener: int, read: Read) -> None:
    """Let the read fail with EIO, as on a broken disk. Raises OSError."""
    _send(listener, struct.pack(_ANSWER, read.id, 0, -errno.EIO, 0))


def _send(listener: int, answer: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, answer)
    except FileNotFoundError:  # the reading thread was killed meanwhile
        return
