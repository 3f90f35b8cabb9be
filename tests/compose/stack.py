"""The project's own Compose file, started on a daemon and queried from outside."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker_daemon import Docker

from worker.ports import free_port

ROOT = Path(__file__).parents[2]
PROJECT = "nightreel-test"
TIMEOUT_SECONDS = 300
PASSWORDS = {
    "REDIS_PASSWORD": "queue11",
    "POSTGRES_PASSWORD": "ledger22",
    "S3_PASSWORD": "objects33",
    "FLOWER_PASSWORD": "flower44",
}
PORTS = ("NIGHTREEL_WEB_PORT", "NIGHTREEL_MONITOR_PORT", "NIGHTREEL_FLOWER_PORT", "S3_PORT")


@dataclass(frozen=True)
class Stack:
    """What an operator has: Compose, a shell in a container, and the published ports."""

    docker: Docker
    footage: Path
    """The folder that is mounted at /footage."""
    ports: dict[str, int] = field(default_factory=lambda: {name: free_port() for name in PORTS})

    def compose(self, *arguments: str, stdin: bytes | None = None) -> bytes:
        """Run `docker-compose ...`; returns its stdout. Raises AssertionError with its stderr."""
        done = subprocess.run(
            ["docker-compose", *arguments],
            cwd=ROOT, env=self._environment, input=stdin, capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{arguments}: {done.stderr.decode()[-2000:]}"
        return done.stdout

    def up(self) -> None:
        """Start everything, with two workers, without building anything."""
        self.compose("up", "--detach", "--no-build", "--scale", "worker=2")

    def nightreel(self, *words: str) -> str:
        """A command in a worker's container."""
        return self.compose("exec", "-T", "worker", "nightreel", *words).decode()

    def ask(self, *words: str) -> Any:
        """The same, with its JSON parsed."""
        return json.loads(self.nightreel(*words, "--json"))

    def sql(self, query: str) -> str:
        """One value from the database."""
        return self.docker.run("exec", self.container("postgres"), "psql", "--username",
                               "nightreel", "--tuples-only", "--no-align", "-c", query)  # fmt: skip

    def container(self, service: str) -> str:
        """The id of a service's first container."""
        return self.containers(service)[0]["Id"]

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """What Docker reports about a service's containers, or about all."""
        label = f"label=com.docker.compose.service={service}" if service else "name=" + PROJECT
        ids = self.docker.run("ps", "--all", "--quiet", "--filter", label).split()
        return json.loads(self.docker.run("inspect", *ids)) if ids else []

    def wait_until_healthy(self) -> float:
        """Wait for every service; returns how many seconds it took. Raises AssertionError."""
        return wait_until(
            lambda: all(map(_healthy, self.containers())),
            lambda: str({one["Name"]: one["State"] for one in self.containers()
                         if not _healthy(one)})[:3000],
        )  # fmt: skip

    @property
    def _environment(self) -> dict[str, str]:
        ports = {name: str(port) for name, port in self.ports.items()}
        return (
            {name: value for name, value in os.environ.items() if "NIGHTREEL" not in name}
            | self.docker.environment
            | PASSWORDS
            | ports
            | {"COMPOSE_PROJECT_NAME": PROJECT, "NIGHTREEL_FOOTAGE": str(self.footage)}
        )


def wait_until(
    happened: Callable[[], object], said: Callable[[], str] = lambda: "it did not happen in time"
) -> float:
    """Wait for a condition outside; returns how many seconds it took. Raises AssertionError."""
    start = time.monotonic()
    while not happened():
        assert time.monotonic() - start < TIMEOUT_SECONDS, said()
        time.sleep(0.5)
    return time.monotonic() - start


def _healthy(container: dict[str, Any]) -> bool:
    return container["State"].get("Health", {}).get("Status") == "healthy"
