"""The service that sends the periodic tasks."""

import os
import subprocess
import sys
from pathlib import Path

from waiting import wait_until


def test_beat_shows_by_a_file_that_it_sends_tasks(broker_url: str, tmp_path: Path) -> None:
    schedule = tmp_path / "schedule"
    alive = Path(f"{schedule}.alive")
    environment = os.environ | {
        "NIGHTREEL_HOME": str(tmp_path),
        "NIGHTREEL_BROKER_URL": broker_url,
        "NIGHTREEL_LEASE_SECONDS": "5",  # a task every second or so
    }
    command = [sys.executable, "-m", "worker.serve", "beat", str(schedule), "INFO"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as beat:
        try:
            wait_until(alive.exists)
            first = alive.stat().st_mtime_ns
            wait_until(lambda: alive.stat().st_mtime_ns > first)
        finally:
            beat.terminate()
