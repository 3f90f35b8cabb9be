"""A Docker daemon for the tests: its images and volumes never mix with those of another daemon.

The stand-ins have the names of official images, so they must not get into a daemon that is in use.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROGRAMS = ("dockerd", "docker", "docker-compose", "debootstrap", "iptables")
TIMEOUT_SECONDS = 60


def missing() -> str:
    """Why no daemon can be started here; empty if one can."""
    if os.geteuid() != 0:
        return "it needs root"
    if sys.version_info[:2] != (3, 11):  # the image's packages are fetched with this one's pip
        return "it needs a .venv of Python 3.11, as the image is: make clean dev PYTHON=python3.11"
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    if lacking:
        return f"it needs {', '.join(lacking)} (Debian: docker.io, docker-compose, debootstrap)"
    return ""


@dataclass(frozen=True)
class Docker:
    """The client of one daemon."""

    host: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment for programs that use it."""
        return os.environ | {"DOCKER_HOST": self.host, "DOCKER_BUILDKIT": "0"}

    def run(self, *arguments: str, stdin: bytes | None = None) -> str:
        """Run `docker ...`; returns its stdout. Raises RuntimeError with its output."""
        done = subprocess.run(
            ["docker", *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode()[-3000:]
            raise RuntimeError(f"docker {arguments[0]}: {said}")
        return done.stdout.decode().strip()

    def has(self, image: str) -> bool:
        """Whether an image exists."""
        return bool(self.run("images", "--quiet", image))


@contextmanager
def running_daemon(folder: Path) -> Iterator[Docker]:
    """Run dockerd, with all its data in `folder`, until the block ends.

    Raises RuntimeError with the end of its log when it does not start.
    """
    docker = Docker(f"unix://{folder}/docker.sock")
    log = folder / "dockerd.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            ["dockerd", "--host", docker.host, "--data-root", folder / "data",
             "--exec-root", folder / "exec", "--pidfile", folder / "dockerd.pid",
             "--bridge", "none"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait_until_it_answers(docker, process, log)
        yield docker
    finally:
        process.terminate()
        process.wait()


def _wait_until_it_answers(docker: Docker, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while process.poll() is None and time.monotonic() < end:
        asked = subprocess.run(["docker", "info"], env=docker.environment, capture_output=True)
        if asked.returncode == 0:
            return
        time.sleep(0.3)
    process.kill()
    raise RuntimeError("No Docker daemon can be started here: " + log.read_text()[-400:])
