"""A RabbitMQ node for the tests: in a folder, on free ports, with its own name server."""

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from waiting import wait_until

from worker.ports import LOOPBACK, free_port

SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's command in the PATH drops root first, and would run as its own user."""

BOUND = ("setpriv", "--pdeathsig", "KILL")
"""Dies with the tests, however they end."""


def find_rabbitmq() -> str:
    """The server's program. If it is missing, the test is skipped on a laptop and fails in CI."""
    found = shutil.which(SERVER) and shutil.which("epmd")
    if not found:
        (pytest.fail if "CI" in os.environ else pytest.skip)(
            "needs RabbitMQ (apt install rabbitmq-server)"
        )
    return SERVER


class Rabbit:
    """One node; it can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._names_port = free_port(), free_port()
        self.url = f"amqp://guest:guest@{LOOPBACK}:{self._port}//"
        (folder / "rabbitmq.conf").write_text(f"listeners.tcp.default = {LOOPBACK}:{self._port}\n")
        (folder / "plugins").write_text("[].\n")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_EPMD_PORT": str(self._names_port),
            "RABBITMQ_ALLOW_INPUT": "1",  # the script becomes the node, so it can be killed
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "db"),
            "RABBITMQ_NODENAME": f"nightreel-{self._port}@localhost",
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-start_epmd false +sbwt none",
        }

    @contextmanager
    def names(self) -> Iterator[None]:
        """The name server that Erlang needs; otherwise a node would leave one behind."""
        server = subprocess.Popen(
            [*BOUND, "epmd", "-address", LOOPBACK, "-port", str(self._names_port)],
            stdin=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            server.kill()
            server.wait()

    def start(self) -> None:
        """Start the node; returns once it accepts connections."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [*BOUND, find_rabbitmq(), "-noinput"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until(self._answers, seconds=120)

    def kill(self) -> None:
        """Kill the node, as a power cut would."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _answers(self) -> bool:
        assert self._process.poll() is None, (self._folder / "output").read_text()
        with socket.socket() as probe:
            return probe.connect_ex((LOOPBACK, self._port)) == 0


@contextmanager
def running_rabbit(folder: Path) -> Iterator[Rabbit]:
    """A node that runs until the block ends."""
    find_rabbitmq()
    rabbit = Rabbit(folder)
    with rabbit.names():
        rabbit.start()
        try:
            yield rabbit
        finally:
            rabbit.kill()
