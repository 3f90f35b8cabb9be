"""The short version of `make chaos`: each kind of fault once, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from waiting import wait_until

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(400)  # on a busy machine


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: a socket's address holds no long one."""
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def start(folder: Path, *arguments: str) -> "subprocess.Popen[str]":
    """Start the harness; all it makes is in `folder`."""
    return subprocess.Popen(
        [sys.executable, "-m", "bench.chaos", "--short", "--seed", "7", *arguments],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def came_of(folder: Path, *faults: str) -> list[dict[str, Any]]:
    """Strike with these faults and return what was counted."""
    asked = [word for fault in faults for word in ("--fault", fault)]
    with start(folder, *asked, "--json", str(folder / "figures.json")) as harness:
        try:
            _, said = harness.communicate(timeout=360)
        finally:
            harness.terminate()  # it cleans up, should it still be at work
    assert (folder / "figures.json").exists(), said
    return list(json.loads((folder / "figures.json").read_text()))


def processes_of(folder: Path) -> list[psutil.Process]:
    """Whatever still runs with a home in this folder."""
    return [one for one in psutil.process_iter(["environ"]) if str(folder) in home_of(one)]


def home_of(process: psutil.Process) -> str:
    return str((process.info["environ"] or {}).get("NIGHTREEL_HOME", ""))


@pytest.mark.parametrize(
    "faults",
    [
        ("child", "worker", "stack", "redis-kill", "sqlite", "sigterm", "disk"),
        ("postgresql",),
    ],
    ids=["sqlite", "postgresql"],
)
def test_after_every_fault_the_database_holds_what_an_undisturbed_run_gives(
    faults: tuple[str, ...], folder: Path
) -> None:
    counted = came_of(folder, *faults)

    wanted = {"lost": 0, "duplicated": 0, "given_up": 0, "complaints": [], "left_running": 0}
    assert {one["fault"] for one in counted} == set(faults)
    for one in counted:
        assert {name: one[name] for name in wanted} == wanted, one
        assert one["faults"] == 1 or one["notes"], one
    assert not processes_of(folder)


def test_what_kills_decoder_or_engine_every_time_is_given_up_and_harms_nothing_else(
    folder: Path,
) -> None:
    decoder, engine = came_of(folder, "decoder", "engine")

    assert decoder["as_promised"], decoder
    assert engine["as_promised"], engine
    assert "SIGKILL" in decoder["notes"][0]
    assert "The worker died 3 times" in engine["notes"][0]


def test_a_harness_that_is_interrupted_leaves_nothing_behind(folder: Path) -> None:
    with start(folder, "--fault", "nothing") as harness:
        wait_until(lambda: processes_of(folder))
        harness.send_signal(signal.SIGTERM)
        harness.communicate(timeout=120)

    assert not processes_of(folder)
    assert not list(folder.iterdir())
