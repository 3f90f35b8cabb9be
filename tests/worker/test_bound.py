import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
from waiting import wait_until

from worker.bound import end, hold, holder

PARENT = """
import subprocess, sys, time
from pathlib import Path
from worker.bound import hold
hold(Path(sys.argv[2]))
bound = [sys.executable, "-m", "worker.bound", "SIGKILL"]
subprocess.Popen([*bound, *sys.argv[1:], "/bin/sleep", "60"])
time.sleep(60)
"""


def bound(lock: Path, parents_lock: Path) -> list[str]:
    """Something that sleeps for a minute, bound to this process."""
    names = [str(lock), str(parents_lock)]
    return [sys.executable, "-m", "worker.bound", "SIGKILL", *names, "/bin/sleep", "60"]


def test_a_lock_is_held_by_one_and_says_by_whom(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    assert holder(lock) is None
    descriptor = hold(lock)
    assert descriptor is not None
    assert holder(lock) == os.getpid()
    assert hold(lock) is None
    os.close(descriptor)
    assert holder(lock) is None


def test_a_bound_program_dies_with_its_parent(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    command = [sys.executable, "-c", PARENT, str(lock), str(tmp_path / "parent")]
    parent = subprocess.Popen(command)
    wait_until(lambda: holder(lock))
    child = psutil.Process(holder(lock))

    parent.kill()
    parent.wait()

    wait_until(lambda: holder(lock) is None)
    wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_a_holder_that_does_not_let_go_is_killed(tmp_path: Path) -> None:
    lock, mine = tmp_path / "lock", tmp_path / "mine"
    descriptor = hold(mine)
    assert descriptor is not None
    with subprocess.Popen(bound(lock, mine)) as program:
        wait_until(lambda: holder(lock))
        end(lock, timeout_seconds=0)
        assert program.wait() == -signal.SIGKILL
    assert holder(lock) is None
    os.close(descriptor)


def test_a_program_whose_parent_is_gone_already_does_not_start(tmp_path: Path) -> None:
    done = subprocess.run(
        bound(tmp_path / "lock", tmp_path / "parent"), capture_output=True, text=True, check=False
    )
    assert (done.returncode, "has ended" in done.stderr) == (1, True)
