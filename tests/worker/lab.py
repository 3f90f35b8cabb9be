"""Real workers in parallel, some without one of the project's settings."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from celery import Celery
from waiting import wait_until

from worker.redis_server import redis_client

WORKER = Path(__file__).with_name("lab_worker.py")


class Lab:
    """One worker with its own queues: its name is the prefix of all its keys in Redis."""

    def __init__(
        self,
        name: str,
        broker_url: str,
        folder: Path,
        *,
        without: Sequence[str] = (),
        processes: int = 1,
        stop_seconds: int = 1,
        worker_broker_url: str = "",
        **settings: Any,
    ) -> None:
        self.name = name
        self.broker = redis_client(broker_url)
        self._client = Celery(name, broker=broker_url, set_as_current=False)
        self._client.conf.broker_transport_options = {"global_keyprefix": f"{name}:"}
        self._client.conf.task_default_queue = "nightreel"
        self._folder = folder
        environment = {
            "NIGHTREEL_HOME": str(folder),
            "NIGHTREEL_BROKER_URL": worker_broker_url or broker_url,
            "NIGHTREEL_STOP_SECONDS": str(stop_seconds),
            "CELERY_RESULT_BACKEND": broker_url,  # so that results would be stored
            "LAB_PROCESSES": str(processes),
            "LAB_WITHOUT": json.dumps(without),
            "LAB_WITH": json.dumps({"global_keyprefix": f"{name}:"} | settings),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(WORKER)],
                env=os.environ | environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    @property
    def log(self) -> Path:
        """The log file of the worker."""
        return self._folder / f"{self.name}.log"

    def lines(self) -> list[dict[str, Any]]:
        """The lines that the worker has logged so far."""
        written = self.log.read_text().splitlines()
        return [json.loads(line) for line in written if line.startswith("{")]

    def diary(self, test: str) -> str:
        """A file for tasks to write to."""
        return str(self._folder / f"{self.name} {test}")

    def send(self, task: str, *arguments: object) -> str:
        """Send a task; returns its id."""
        return str(self._client.send_task(f"lab.{task}", arguments).id)

    def words(self, test: str) -> list[str]:
        """The words that the tasks of a test wrote."""
        file = Path(self.diary(test))
        return file.read_text().split() if file.exists() else []

    def nap(self, test: str, seconds: float) -> None:
        """Send a task, and wait until the worker runs it."""
        self.send("nap", seconds, self.diary(test))
        wait_until(lambda: self.words(test))

    def waiting(self, queue: str = "nightreel") -> int:
        """Messages that are waiting in a queue."""
        return int(self.broker.llen(f"{self.name}:{queue}"))

    def taken(self) -> int:
        """Messages that a worker has taken and not acknowledged."""
        return int(self.broker.hlen(f"{self.name}:unacked"))

    def is_idle(self) -> bool:
        """Whether all tasks that were sent have ended."""
        return (self.waiting(), self.taken()) == (0, 0)

    def cut_off(self) -> None:
        """Have Redis close the worker's connections."""
        ports = {one.laddr.port for one in psutil.Process(self.process.pid).net_connections()}
        for client in self.broker.client_list():
            if int(client["addr"].rpartition(":")[2]) in ports:
                self.broker.client_kill_filter(_id=client["id"])

    def stop(self) -> None:
        """Ask it to stop, as a service manager does."""
        self.process.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Kill the worker; its children die with it."""
        self.process.kill()
        self.process.wait()
        self._client.close()
        self.broker.close()


@contextmanager
def closing(*labs: Lab) -> Iterator[None]:
    """Leave no worker behind."""
    try:
        yield
    finally:
        for lab in labs:
            lab.close()
