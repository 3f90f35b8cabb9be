"""What the kernel tells of a read that it holds, and what it is told: seccomp_unotify(2)."""

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
    """One read(2) or pread(2) that waits."""

    id: int
    thread: int
    """Who asks, as we number threads."""
    count: int
    """How many bytes are asked for."""
    offset: int | None
    """Where pread(2) begins; None for read(2), which goes on from the file's own position."""


def receive(listener: int) -> Read | None:
    """The next read that waits; None when whoever asked is gone by now. Raises OSError."""
    notice = bytearray(struct.calcsize(_NOTICE))
    try:
        fcntl.ioctl(listener, _RECEIVE, notice)
    except (FileNotFoundError, InterruptedError):
        return None
    number, thread, _, call, _, _, _, _, count, offset, _, _ = struct.unpack(_NOTICE, notice)
    return Read(number, thread, count, offset if call == this_machine().pread else None)


def let_go_on(listener: int, read: Read) -> None:
    """Have the kernel read as was asked."""
    _send(listener, struct.pack(_ANSWER, read.id, 0, 0, _CONTINUE))


def let_fail(listener: int, read: Read) -> None:
    """Have the read end as on a broken disk."""
    _send(listener, struct.pack(_ANSWER, read.id, 0, -errno.EIO, 0))


def _send(listener: int, answer: bytes) -> None:
    try:
        fcntl.ioctl(listener, _SEND, answer)
    except FileNotFoundError:  # whoever asked was killed meanwhile
        return
