"""supervisord as the stack runs it."""

import signal
import subprocess
import sys
from pathlib import Path

from waiting import wait_until

PROGRAM = """
import sys, time, pathlib
for number in range(400):
    print("a line", number, flush=True)
    time.sleep(0.01)
    if number == 50:
        pathlib.Path("still-here").touch()
"""
CONFIGURATION = """
[supervisord]
logfile = /dev/full
logfile_maxbytes = 0
pidfile = supervisord.pid
[program:talker]
command = {python} talker.py
stdout_logfile = /dev/full
stdout_logfile_maxbytes = 0
redirect_stderr = true
"""


def test_a_full_disk_costs_lines_of_the_logs_and_no_service(tmp_path: Path) -> None:
    (tmp_path / "talker.py").write_text(PROGRAM)
    (tmp_path / "supervisord.conf").write_text(CONFIGURATION.format(python=sys.executable))
    with Path("/dev/full").open("wb") as full:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "worker.supervise", "supervisord.conf"],
            cwd=tmp_path, stdout=full, stderr=full,
        )  # fmt: skip
        try:
            wait_until((tmp_path / "still-here").exists, seconds=20)
            assert supervisor.poll() is None
        finally:
            supervisor.send_signal(signal.SIGTERM)
            supervisor.wait(timeout=20)
