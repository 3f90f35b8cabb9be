"""Ports of the loopback address."""

import socket

from errors import StackTrouble

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port on which no process listens at the moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def refuse_taken_port(port: int, *, service: str, variable: str) -> None:
    """Raise StackTrouble, naming the setting, if another process already listens on `port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            raise StackTrouble(
                f"Port {port} is taken, so {service} cannot use it; set {variable} to a free one."
            ) from error
