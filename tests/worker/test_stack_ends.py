"""How the embedded services end, well or badly, and that the next start goes on."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from stack_helpers import client_of, settings_for
from waiting import wait_until

from worker.bound import holder
from worker.folders import Folders
from worker.redis_server import redis_client
from worker.stack import Stack
from worker.stack_info import StackInfo, running, services_alive

ROOT = Path(__file__).parents[2]
UP = """
import sys
from errors import StackTrouble
from settings import load_settings
from worker.stack import Stack
try:
    Stack(load_settings()).run_in_foreground()
except StackTrouble as trouble:
    sys.exit(str(trouble))
"""


class Up:
    """`nightreel up` in a process of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        environment = {
            f"NIGHTREEL_{name.upper()}": str(value)
            for name, value in settings_for(home).model_dump(exclude={"flower_password"}).items()
        }
        environment |= {"PYTHONPATH": str(ROOT)}  # this tree, whichever is installed
        self.process = subprocess.Popen(
            [sys.executable, "-c", UP], cwd="/", env=environment, stderr=subprocess.PIPE, text=True
        )
        wait_until(lambda: (info := running(home)) and client_of(info.broker_url).control.ping())
        self.everything = psutil.Process(self.process.pid).children(recursive=True)

    @property
    def info(self) -> StackInfo:
        found = running(self.home)
        assert found is not None
        return found

    def is_gone(self) -> bool:
        """Whether not one of its processes is left, but for what init has yet to bury."""
        left = psutil.wait_procs(self.everything, timeout=0)[1]
        return all(each.status() == psutil.STATUS_ZOMBIE for each in left)


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    started = Up(tmp_path)
    yield started
    started.process.kill()
    started.process.communicate()
    wait_until(started.is_gone)


def started_again(home: Path) -> Stack:
    """The queue with its workers; the rest takes time to start, and nothing is asked of it."""
    stack = Stack(settings_for(home))
    stack.start(flower=False, beat=False)
    return stack


def leave_work(broker_url: str) -> None:
    """Three messages in a queue that no worker serves."""
    for number in range(3):
        client_of(broker_url).send_task("celery.accumulate", [number], queue="later")


def work_left(broker_url: str) -> int:
    """How many are still there."""
    with redis_client(broker_url) as connection:
        return int(connection.llen("nightreel:later"))


def test_ctrl_c_leaves_no_process_and_keeps_the_queue(up: Up) -> None:
    leave_work(up.info.broker_url)

    up.process.send_signal(signal.SIGINT)
    _, said = up.process.communicate(timeout=60)

    assert (up.process.returncode, said) == (0, "")
    wait_until(up.is_gone)
    assert running(up.home) is None
    log = (up.home / "logs" / "supervisord.log").read_text()
    stopped = re.findall(r"stopped: (\w+)", log)
    assert stopped == ["web", "flower", "monitor", "beat", "worker", "redis"]
    with started_again(up.home) as again:
        assert again.info is not None
        assert work_left(again.info.broker_url) == 3


def test_a_killed_stack_leaves_no_process_and_the_next_goes_on(up: Up) -> None:
    leave_work(up.info.broker_url)

    up.process.kill()
    up.process.wait()
    assert running(up.home) is None
    with started_again(up.home) as again:  # at once, while the old services are stopping
        assert again.info is not None
        wait_until(up.is_gone)
        assert work_left(again.info.broker_url) == 3


def test_when_supervisord_is_killed_everything_ends_with_it(up: Up) -> None:
    supervisor = holder(Folders.of(up.home).lock("supervisord"))
    assert supervisor is not None

    psutil.Process(supervisor).kill()
    _, said = up.process.communicate(timeout=60)

    assert "The services have stopped" in said
    wait_until(up.is_gone)
    assert not any(services_alive(up.home).values())


def test_asked_to_stop_as_soon_as_it_runs_it_stops_in_order(tmp_path: Path) -> None:
    stack = Stack(settings_for(tmp_path))
    stack.run_in_foreground(lambda _: os.kill(os.getpid(), signal.SIGTERM))
    assert running(tmp_path) is None
