"""Imports `nightreel` once, and forks it for each request on the given socket.

`python -P warm_server.py SOCKET`; it exits when the other end of that socket closes.
"""

import gc
import json
import os
import pkgutil
import signal
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import cli
from cli.main import run

MOST_BYTES = 1 << 17
LATE = ("alembic.command", "alembic.autogenerate", "celery.app.amqp", "kombu.transport.redis")
"""Modules that many commands import when they need them. None of them reads settings."""


def serve(asked: socket.socket) -> None:
    """Fork a process for each request; returns in the processes that are to be the command."""
    gc.freeze()  # memory that is never collected stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forked processes need not be waited for
    while True:
        request, descriptors, _, _ = socket.recv_fds(asked, MOST_BYTES, 3)
        if not request:
            os._exit(0)
        if os.fork() == 0 and _forked(tells=descriptors[2]):
            asked.close()
            return _become(json.loads(request), descriptors[:2])
        for one in descriptors:
            os.close(one)


def _forked(tells: int) -> bool:
    """True in a new process; the old one reports its PID, then its exit code, and exits."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command = os.fork()
    if command == 0:
        os.close(tells)
        return True
    os.write(tells, b"%d\n" % command)
    _, status = os.waitpid(command, 0)
    os.write(tells, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _become(request: Any, outputs: Sequence[int]) -> None:
    for theirs, ours in zip(outputs, (1, 2), strict=True):
        os.dup2(theirs, ours)
        os.close(theirs)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["folder"])
    sys.argv = request["arguments"]


if __name__ == "__main__":
    for module in pkgutil.iter_modules(cli.__path__):
        import_module(f"cli.{module.name}")
    for name in LATE:
        import_module(name)
    serve(socket.socket(fileno=int(sys.argv[1])))
    run()
