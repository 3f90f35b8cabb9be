"""A service that is started with wrong arguments says so in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from errors import WrongUsage

ROOT = Path(__file__).parent.parent.parent


def run(tmp_path: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "NIGHTREEL_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        **settings,
    }
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("worker.serve", "usage: python -m worker.serve worker PROCESSES LEVEL"),
        ("worker.serve worker", "usage: python -m worker.serve worker PROCESSES LEVEL"),
        ("worker.serve nobody 2 INFO", "There is no service 'nobody'"),
        ("worker.serve worker two INFO", "'two' is not a whole number above zero."),
        ("worker.serve worker 2 LOUD", "'LOUD' is not a log level"),
        ("worker.serve beat schedule LOUD", "'LOUD' is not a log level"),
        ("worker.bound SIGTERM", "usage: python -m worker.bound SIGNAL"),
        ("worker.bound NOTHING lock parent program", "'NOTHING' is not a signal"),
        ("worker.supervise", "usage: python -m worker.supervise CONFIGURATION"),
        ("review.serve 127.0.0.1 8555", "usage: python -m review.serve [ADDRESS]"),
        ("monitor.serve 127.0.0.1 9555", "usage: python -m monitor.serve [ADDRESS]"),
        ("tasks.intake folder", "usage: python -m tasks.intake"),
    ],
)
def test_wrong_arguments_are_one_sentence(tmp_path: Path, arguments: str, said: str) -> None:
    done = run(tmp_path, *arguments.split())
    assert done.returncode == WrongUsage.exit_code
    assert done.stderr.startswith("nightreel: ")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_is_one_sentence_of_the_worker(tmp_path: Path) -> None:
    done = run(tmp_path, "worker.serve", "worker", "1", "INFO", NIGHTREEL_WORKERS="many")
    assert done.returncode == WrongUsage.exit_code
    assert done.stderr.startswith("nightreel: NIGHTREEL_WORKERS cannot be used: ")
    assert done.stderr.count("\n") == 1
