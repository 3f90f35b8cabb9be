"""Forks `nightreel` for whoever asks on the socket it was given, having imported it once.

`python -P warm_server.py SOCKET`; it ends with the other end of that socket.
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
"""What many commands import when they need it. None of it reads settings."""


def serve(asked: socket.socket) -> None:
    """Fork a process for each request; returns in those, when they are to be the command."""
    gc.freeze()  # what is never collected stays shared
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody has to wait for what is forked
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
    """True in a new process; the old one tells its number, then how it ended, and ends."""
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
