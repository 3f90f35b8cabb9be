"""A script is answered within seconds, whatever is dead."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = Path(sys.executable).with_name("nightreel")


@pytest.fixture
def hung() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def check(home: Path, *options: str, **settings: str) -> "subprocess.Popen[str]":
    """Begin `nightreel status --check`."""
    inherited = {name: value for name, value in os.environ.items() if "NIGHTREEL" not in name}
    ours = {f"NIGHTREEL_{name.upper()}": value for name, value in settings.items()}
    return subprocess.Popen(
        [COMMAND, "status", "--check", *options],
        env=inherited | ours | {"NIGHTREEL_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_each_thing_that_is_dead_is_named(tmp_path: Path, hung: int) -> None:
    broker = f"redis://127.0.0.1:{hung}/0"
    begun = {
        "The database has not answered for 5 s": check(
            tmp_path, broker_url=broker, database_url=f"postgresql://127.0.0.1:{hung}/nightreel"
        ),
        "The queue does not answer": check(tmp_path, broker_url=broker),
    }
    nothing_runs = check(tmp_path, "--json")
    for sentence, process in begun.items():
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (1, "")
        assert err.startswith(f"nightreel: {sentence}")
        assert len(err.splitlines()) == 1
    out, err = nothing_runs.communicate(timeout=30)
    assert (nothing_runs.returncode, err) == (1, "")
    assert json.loads(out) == {
        "well": False,
        "troubles": [f"No services run in {tmp_path}; start them with `nightreel up`."],
    }
