"""`nightreel up` as a separate process, and every process that belongs to its home folder."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import psutil

from worker.bound import hold, holder
from worker.folders import Folders
from worker.ports import free_port

STOP_TIMEOUT_SECONDS = 90.0
DEATH_SECONDS = 10.0
NIGHTREEL = Path(sys.executable).with_name("nightreel")


class Running:
    """The services of one home folder. A process is recognised by the home folder in its
    environment, so that no other user's process is ever touched."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        self.home = home
        foreign = {name for name in os.environ if name.startswith("NIGHTREEL_")}
        inherited = {name: value for name, value in os.environ.items() if name not in foreign}
        ports = {
            f"NIGHTREEL_{name}_PORT": str(free_port()) for name in ("FLOWER", "MONITOR", "WEB")
        }
        self.environment = inherited | ports | {"NIGHTREEL_HOME": str(home)} | dict(environment)
        self._locks = home.with_name(f"{home.name}-locks")
        self._locks.mkdir(exist_ok=True)
        self._claim = hold(self._locks / "harness.lock")
        self._up: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, bound to this process: if this process is killed, it is told to stop."""
        locks = (str(self._locks / "up.lock"), str(self._locks / "harness.lock"))
        with (self.home / "up.log").open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "worker.bound", "SIGTERM", *locks, str(NIGHTREEL), "up"],
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def is_up(self) -> bool:
        """Whether `nightreel up` runs."""
        return self._up is not None and self._up.poll() is None

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a `nightreel` command on the same home folder."""
        return subprocess.run(
            [str(NIGHTREEL), *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def processes(self) -> list[psutil.Process]:
        """All processes that belong to this home folder, including decoders."""
        own = [process for process in psutil.process_iter() if self._is_ours(process)]
        return list(dict.fromkeys(p for process in own for p in (process, *_below(process))))

    def worker(self) -> psutil.Process | None:
        """The worker's main process; None if it does not run."""
        return next(self._services("worker"), None)

    def redis(self) -> psutil.Process | None:
        """The queue; None if it does not run."""
        pid = holder(Folders.of(self.home).lock("redis"))  # the program has several names
        return psutil.Process(pid) if pid else None

    def worker_children(self) -> list[psutil.Process]:
        """The worker's child processes, which do the work."""
        main = self.worker()
        below = main.children() if main else []
        return [child for child in below if "spawn_main" in " ".join(_command(child))]

    def kill(self) -> None:
        """kill -9 of every process at once."""
        kill_all(self.processes())
        if self._up is not None:
            self._up.wait()

    def stop(self) -> int:
        """Stop in order, then kill the remaining processes; returns their number."""
        if self._up is not None:
            self._up.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._up.wait(STOP_TIMEOUT_SECONDS)
        left = psutil.wait_procs(self.processes(), timeout=1)[1]
        self.kill()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None
        return len(left)

    def _is_ours(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            return process.environ().get("NIGHTREEL_HOME") == str(self.home)
        return False

    def _services(self, name: str) -> Iterator[psutil.Process]:
        for process in self.processes():
            command = _command(process)
            if "worker.serve" in command and name in command:
                yield process


def kill_all(processes: list[psutil.Process]) -> None:
    """kill -9, and wait until they have ended."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=DEATH_SECONDS)


def with_children(process: psutil.Process | None) -> list[psutil.Process]:
    """A process and all its descendants."""
    return [process, *_below(process)] if process else []


def wait_until_gone(processes: list[psutil.Process], timeout_seconds: float) -> float | None:
    """Seconds until the last of them ended; None if one outlives the timeout."""
    began = time.monotonic()
    alive = psutil.wait_procs(processes, timeout=timeout_seconds)[1]
    return None if alive else time.monotonic() - began


def _below(process: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return process.children(recursive=True)
    return []


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _name(process: psutil.Process) -> str:
    with suppress(psutil.Error):
        return process.name()
    return ""
