"""A program that holds a lock while it lives and dies with the process that started it:
`python -m worker.bound SIGNAL LOCK PARENTS_LOCK PROGRAM [ARGUMENT...]`.

SIGNAL is what the kernel sends it when its parent is gone (Linux; elsewhere it is left to the next
start); the parent's own lock tells whether it was gone before that was arranged.

A lock outlives the exec. Whoever finds it taken knows that the process is alive, and which it is:
no process id is trusted that a lock does not vouch for.
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
    """Take a lock and write this process's id into it.

    Returns the open descriptor that keeps it, or None when another process has it and does not
    let go within `timeout_seconds`.
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
    """Id of the process that holds a lock; None when none does."""
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
    """Give whoever holds a lock some time to let go, then kill it."""
    deadline = time.monotonic() + timeout_seconds
    while (process := holder(lock)) is not None:
        if time.monotonic() >= deadline:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(0.02)


def run(signal_name: str, lock: str, parents_lock: str, program: str, *arguments: str) -> None:
    """Become `program`, bound and locked; what it writes is for its owner only.

    Raises WrongUsage for a signal that does not exist.
    """
    if signal_name not in signal.Signals.__members__:
        raise WrongUsage(f"{signal_name!r} is no signal; use SIGTERM or SIGKILL.")
    os.umask(0o077)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.Signals[signal_name]))
    if holder(Path(parents_lock)) is None:
        sys.exit(f"whoever holds {parents_lock} is gone")
    descriptor = hold(Path(lock), TIMEOUT_SECONDS)
    if descriptor is None:
        sys.exit(f"{lock} is held by process {holder(Path(lock))}")
    os.set_inheritable(descriptor, True)
    os.execv(program, (program, *arguments))


if __name__ == "__main__":
    run_service(run, "worker.bound SIGNAL LOCK PARENTS_LOCK PROGRAM [ARGUMENT...]")
