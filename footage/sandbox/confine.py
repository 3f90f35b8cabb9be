"""Sandboxes the calling thread for the rest of its life, and every child that it starts.

Linux applies these restrictions per thread and children inherit them at fork, so no code has to run
between fork and exec, and no helper between us and the child. See landlock(7), seccomp(2).
"""

import ctypes
import os
import platform
import struct
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_GIVE_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _READ_FILE, _READ_FOLDER = 1 << 0, 1 << 2, 1 << 3
_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
"""Number of file rights in each version of Landlock; 16 since version 5."""
_TCP, _SIGNALS_AND_SOCKETS = 0b11, 0b11

_SET_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2
_IO_URING_SETUP, _FOREIGN_CALLS = 425, 1 << 30
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _NOTIFY = 0x7FFF0000, 0x00050000 | 13, 0x7FC00000
_ADD_FILTER, _NEW_LISTENER = 1, 1 << 3


@dataclass(frozen=True, slots=True)
class Machine:
    """The kernel's code for an architecture, and its system call numbers."""

    kind: int
    socket: int
    seccomp: int
    read: int
    pread: int
    other_reads: tuple[int, ...]
    """readv, preadv, preadv2, sendfile, splice, copy_file_range, io_setup."""


_MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 317, 0, 17, (19, 295, 327, 40, 275, 326, 206)),
    "aarch64": Machine(0xC00000B7, 198, 277, 63, 67, (65, 69, 286, 71, 76, 285, 0)),
}


def see_only(paths: Iterable[str]) -> None:
    """From now on this thread can read and run files at or below `paths`, and access no other file.

    Files that are already open stay usable. Raises OSError if the kernel has no Landlock.
    """
    version = _call(_CREATE_RULESET, None, 0, _GIVE_VERSION)
    handled = struct.pack("QQQ", (1 << _RIGHTS.get(version, 16)) - 1, _TCP, _SIGNALS_AND_SOCKETS)
    size = 8 if version < 4 else 16 if version < 6 else 24
    rules = _call(_CREATE_RULESET, handled, size, 0)
    try:
        for path in filter(os.path.exists, paths):
            _allow(rules, path)
        no_new_privileges()
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def open_no_socket() -> None:
    """From now on this thread can open no socket of any kind.

    Raises OSError where seccomp is not available.
    """
    refused = dict.fromkeys((this_machine().socket, _IO_URING_SETUP), _REFUSE)
    with _as_program(refused) as program:
        _control(_SET_SECCOMP, _FILTER, program)


def hold_reads() -> int:
    """From now on the kernel holds each read(2) and pread(2) until a listener lets it continue.

    Returns the listener's descriptor, see `footage.remote.notifications`. Other system calls that
    read a file fail, except mmap(2): the program loader needs it, and ffmpeg maps nothing that it
    decodes. Raises OSError where that is not possible.
    """
    machine = this_machine()
    held = dict.fromkeys((machine.read, machine.pread), _NOTIFY)
    refused = dict.fromkeys((*machine.other_reads, _IO_URING_SETUP), _REFUSE)
    with _as_program(held | refused) as program:
        return _call(machine.seccomp, _ADD_FILTER, _NEW_LISTENER, program)


def this_machine() -> Machine:
    """This machine's architecture. Raises OSError if its system call numbers are not known."""
    name = platform.machine()
    if name not in _MACHINES:
        raise OSError(f"no numbers of system calls are known for {name}")
    return _MACHINES[name]


def no_new_privileges() -> None:
    """From now on no started program gains privileges by set-user-id or file capabilities.

    Raises OSError.
    """
    _control(_SET_NO_NEW_PRIVS, 1, None)


@contextmanager
def _as_program(actions: Mapping[int, int]) -> Iterator[bytes]:
    """A seccomp filter in the kernel's format: `actions` by system call. Valid within the block."""
    steps = [
        (_LOAD, 0, 0, 4), (_IF_EQUAL, 1, 0, this_machine().kind), (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, 0), (_IF_AT_LEAST, 0, 1, _FOREIGN_CALLS), (_RETURN, 0, 0, _REFUSE),
    ]  # fmt: skip
    for call, action in actions.items():
        steps += [(_IF_EQUAL, 0, 1, call), (_RETURN, 0, 0, action)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    no_new_privileges()
    yield struct.pack("HP", len(steps), ctypes.addressof(program))


def _allow(rules: int, path: str) -> None:
    rights = _EXECUTE | _READ_FILE | (_READ_FOLDER if Path(path).is_dir() else 0)
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        _call(_ADD_RULE, rules, _PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: int | bytes | None) -> int:
    return _checked(_libc().syscall(number, *map(_as_c, arguments)))


def _control(option: int, value: int, body: bytes | None) -> None:
    _checked(_libc().prctl(option, ctypes.c_ulong(value), body, None, None))


def _as_c(argument: int | bytes | None) -> ctypes.c_long | bytes | None:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def _checked(result: int) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
