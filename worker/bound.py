"""Runs a program that holds a lock while it lives and dies with the process that started it:
`python -m worker.bound SIGNAL LOCK PARENTS_LOCK PROGRAM [ARGUMENT...]`.

The kernel sends SIGNAL to the program when its parent dies (Linux; elsewhere the next start ends
it). The parent's own lock tells whether the parent died before that was set up.

A lock outlives the exec. A held lock shows that the process is alive, and which one it is: a
process id is only trusted while its lock is held.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from errors import WrongUsage
from file_locks import try_lock
from worker.entrance import run_service

PR_SET_PDEATHSIG = 1
TIMEOUT_SECONDS = 10.0


def hold(lock: Path, timeout_seconds: float = 0.0) -> int | None:
    """Take a lock and write this process's id into its file.

    Returns the open descriptor that holds the lock, or None if another process holds it and does
    not release it within `timeout_seconds`. Raises OSError.
    """
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + timeout_seconds
    while not try_lock(descriptor):
        if time.monotonic() >= deadline:
            os.close(descriptor)
            return None
        time.sleep(0.02)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def holder(lock: Path) -> int | None:
    """Id of the process that holds a lock; None if none does. Raises OSError."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        if try_lock(descriptor, shared=True):
            return None
        return int(os.pread(descriptor, 20, 0) or 0) or None
    finally:
        os.close(descriptor)


def end(lock: Path, timeout_seconds: float) -> None:
    """Wait `timeout_seconds` for the process that holds a lock to end, then kill it."""
    deadline = time.monotonic() + timeout_seconds
    while (process := holder(lock)) is not None:
        if time.monotonic() >= deadline:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def run(signal_name: str, lock: str, parents_lock: str, program: str, *arguments: str) -> None:
    """Replace this process by `program`, bound and locked; only the owner can access its files.

    Raises WrongUsage for a signal that does not exist.
    """
    if signal_name not in signal.Signals.__members__:
        raise WrongUsage(f"{signal_name!r} is not a signal; use SIGTERM or SIGKILL.")
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.Signals[signal_name]))
    if holder(Path(parents_lock)) is None:
        sys.exit(f"the process that held {parents_lock} has ended")
    descriptor = hold(Path(lock), TIMEOUT_SECONDS)
    if descriptor is None:
        sys.exit(f"{lock} is held by process {holder(Path(lock))}")
    os.set_inheritable(descriptor, True)
    os.execv(program, (program, *arguments))


if __name__ == "__main__":
    run_service(run, "worker.bound SIGNAL LOCK PARENTS_LOCK PROGRAM [ARGUMENT...]")
