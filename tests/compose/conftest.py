"""The daemon, the images and the stack, once for all tests; and how long each step took."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from docker_daemon import Docker, missing, running_daemon
from stack import ROOT, Stack
from standins import make_standins
from wheel_index import fetch_wheels, serving

from demo import film

CACHE = Path(os.environ.get("COMPOSE_TEST_FOLDER", "~/.cache/nightreel-compose-test")).expanduser()
"""Images and downloads, several gigabytes; kept for the next run."""

_times: list[tuple[str, float]] = []


@pytest.fixture(scope="session")
def times() -> list[tuple[str, float]]:
    """The measurements, printed at the end: a sentence and seconds each."""
    return _times


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for what, seconds in _times:
        terminalreporter.write_line(f"{seconds:7.1f} s  {what}")


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """Our own daemon. If none can be started, all tests are skipped, with the reason."""
    if reason := missing():
        pytest.skip(f"No Docker daemon can be started here: {reason}.")
    CACHE.mkdir(parents=True, exist_ok=True)
    try:
        daemon = ExitStack()
        found = daemon.enter_context(running_daemon(CACHE))
    except RuntimeError as error:
        pytest.skip(str(error))
    with daemon:
        yield found


@pytest.fixture(scope="session")
def image(docker: Docker, times: list[tuple[str, float]]) -> str:
    """The real image, built on the stand-ins."""
    make_standins(docker, CACHE)
    fetch_wheels(CACHE / "wheels")
    start = time.monotonic()
    with serving(CACHE / "wheels") as address:
        docker.run("build", "--network", "host", "--tag", "nightreel",
                   "--build-arg", f"PIP_INDEX_URL={address}/simple",
                   "--build-arg", f"TORCH_INDEX={address}/torch", str(ROOT))  # fmt: skip
    docker.run("system", "prune", "--force")  # of earlier runs
    times.append(("to build the image", time.monotonic() - start))
    return "nightreel"


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the image's user can read, with a minute of footage."""
    folder = tmp_path_factory.mktemp("footage")
    for each in (folder, folder.parent, folder.parent.parent):
        each.chmod(0o755)
    film.write(folder / "film.mp4")
    (folder / "film.mp4").chmod(0o644)
    return folder


@pytest.fixture(scope="session")
def stack(docker: Docker, footage: Path, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """The Compose file's services; nothing of them is left afterwards."""
    request.getfixturevalue("image")
    stack = Stack(docker, footage)
    stack.compose("down", "--volumes")
    stack.up()
    yield stack
    stack.compose("down", "--volumes")
