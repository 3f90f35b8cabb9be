"""The embedded services, under supervisord, in one home folder.

    nightreel up ── supervisord ─┬─ redis     starts first, stops last
                                 ├─ worker ── as many processes as there are cores
                                 ├─ beat
                                 ├─ intake    if a watched folder is configured
                                 ├─ monitor
                                 ├─ flower
                                 └─ web       the web pages

If this process is killed, the kernel signals supervisord, which stops the rest in order. If
supervisord is killed, the kernel kills the rest; the queue's file and the ledger survive that.
"""

import json
import os
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import Self

from errors import StackTrouble
from settings import Settings
from worker import services
from worker.bound import end, hold
from worker.folders import Folders
from worker.ports import refuse_taken_port
from worker.redis_server import answers, on_socket, redis_configuration, socket_url
from worker.redis_versions import find_redis_server
from worker.sockets import clear_place, make_place
from worker.stack_info import PROGRAMS, StackInfo, digests

REDIS_START_SECONDS = 60.0
"""Redis loads its whole file before it responds."""


def longest_stop_seconds(settings: Settings) -> float:
    """Longest time of a stop, after which services that still run are killed."""
    margins = services.MARGIN_SECONDS * (len(PROGRAMS) + 1)
    return float(settings.stop_seconds + margins)


class Stack:
    """The services of one home folder, run by this process.

    Start it in the main thread: the services are bound to the life of the thread that starts them.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.info: StackInfo | None = None
        """Set while the stack runs."""
        self._folders = Folders.of(settings.home_folder)
        self._claim: int | None = None
        self._supervisor: subprocess.Popen[bytes] | None = None

    def start(self, *, flower: bool = True, beat: bool = True, intake: bool = True) -> None:
        """Start the services; returns as soon as Redis responds, while the workers still load.

        If the settings have a `broker_url`, no Redis is started and the services use that broker.
        Intake runs only if the settings have a `watch_folder`. `flower` means Flower, the monitor
        and the web pages.

        Raises StackTrouble if a stack already runs here, a port is in use, or no Redis can be found
        or started; nothing keeps running then.
        """
        self._claim_home()
        try:
            self._end_leftovers(longest_stop_seconds(self.settings))
            if flower:
                self._refuse_taken_ports()
            self.info = self._prepare(flower=flower, beat=beat, intake=intake)
            self._spawn()
            if not self.settings.broker_url:
                self._wait_for_redis(self.info.broker_url)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in order: tasks are finished or released within `stop_seconds`, Redis stops last.

        Services that do not stop in time are killed.
        """
        if self._supervisor is not None:
            self._supervisor.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._supervisor.wait(longest_stop_seconds(self.settings))
            self._supervisor.kill()
            self._supervisor.wait()
            self._supervisor = None
            self._end_leftovers(timeout_seconds=1.0)
        self._leave_home()

    def run_in_foreground(self, started: Callable[[StackInfo], None] = lambda _: None) -> None:
        """Start, call `started`, block until Ctrl-C or SIGTERM, then stop; a second signal kills.

        A signal during the start stops the services too: the handlers are set before the first
        service starts. Raises StackTrouble as `start`, and if the services end by themselves.
        """
        asked = threading.Event()

        def on_signal() -> None:
            if asked.is_set() and self._supervisor is not None:
                self._supervisor.kill()
            asked.set()

        with _handling((signal.SIGINT, signal.SIGTERM), on_signal), self:
            if self.info is not None:
                started(self.info)
            while not asked.wait(0.5):
                if self._supervisor is None or self._supervisor.poll() is not None:
                    raise StackTrouble(f"The services have stopped; see {self._folders.logs}.")

    def __enter__(self) -> Self:
        if self.info is None:
            self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _claim_home(self) -> None:
        try:
            self._folders.make()
        except OSError as error:
            raise StackTrouble(
                f"The home folder {self.settings.home_folder} cannot be written "
                f"({error.strerror}); set NIGHTREEL_HOME to one that can."
            ) from error
        claim = hold(self._folders.lock("stack"), timeout_seconds=0.2)
        if claim is None:
            raise StackTrouble(
                f"Nightreel is already running in {self.settings.home_folder}; "
                "stop it there, or set NIGHTREEL_HOME to another folder."
            )
        self._claim = claim

    def _refuse_taken_ports(self) -> None:
        for port, service, variable in (
            (self.settings.flower_port, "Flower", "NIGHTREEL_FLOWER_PORT"),
            (self.settings.web_port, "the page", "NIGHTREEL_WEB_PORT"),
            (self.settings.monitor_port, "the monitor", "NIGHTREEL_MONITOR_PORT"),
        ):
            refuse_taken_port(port, service=service, variable=variable)

    def _leave_home(self) -> None:
        self.info = None
        if self._claim is not None:
            (self._folders.run / "stack.json").unlink(missing_ok=True)
            clear_place(self._folders.run)
            os.close(self._claim)
            self._claim = None

    def _end_leftovers(self, timeout_seconds: float) -> None:
        """supervisord first: if its parent was killed, it may still be stopping the others."""
        end(self._folders.lock("supervisord"), timeout_seconds)
        for name in PROGRAMS:
            end(self._folders.lock(name), timeout_seconds=1.0)

    def _prepare(self, *, flower: bool, beat: bool, intake: bool) -> StackInfo:
        """Write every file that the services read."""
        settings, folders = self.settings, self._folders
        broker_url = settings.broker_url
        programs = [services.worker_program(settings)]
        if not broker_url:
            programs.insert(0, services.redis_program(find_redis_server().path))
            broker_url = self._configure_redis()
        if beat:
            programs.append(services.beat_program(settings))
        if intake and settings.watch_folder:
            programs.append(services.intake_program())
        flower_password = self._flower_password()
        if flower:
            programs += [
                services.monitor_program(),
                services.flower_program(),
                services.web_program(),
            ]
            folders.write(
                "flowerconfig.py", services.flower_configuration(settings, flower_password)
            )
        folders.write("supervisord.conf", services.supervisor_configuration(programs))
        info = StackInfo(
            pid=os.getpid(),
            services=[program.name for program in programs],
            workers=settings.workers,
            broker_url=broker_url,
            flower_url=f"http://127.0.0.1:{settings.flower_port}" if flower else "",
            monitor_url=f"http://127.0.0.1:{settings.monitor_port}" if flower else "",
            web_url=settings.effective_web_url if flower else "",
            flower_user=settings.flower_user,
            flower_password=flower_password,
            settings=digests(settings),
        )
        folders.write("stack.json", json.dumps(asdict(info)))
        return info

    def _configure_redis(self) -> str:
        socket, password = make_place(self._folders.run), secrets.token_urlsafe(32)
        configuration = redis_configuration("../queue", password, on_socket(socket))
        self._folders.write("redis.conf", configuration)
        return socket_url(socket, password)

    def _flower_password(self) -> str:
        given = self.settings.flower_password.get_secret_value()
        return given or self._folders.lasting_password("flower-password")

    def _spawn(self) -> None:
        with (self._folders.logs / "supervisord.out").open("wb") as output:
            self._supervisor = subprocess.Popen(
                services.supervise_command(),
                cwd=self._folders.run,
                env=services.environment(self.settings),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal reaches only this process
            )

    def _wait_for_redis(self, broker_url: str) -> None:
        deadline = time.monotonic() + REDIS_START_SECONDS
        while not answers(broker_url):
            assert self._supervisor is not None
            if self._supervisor.poll() is not None or time.monotonic() > deadline:
                raise StackTrouble(f"Redis could not be started; see {self._folders.logs}.")
            time.sleep(0.02)


@contextmanager
def _handling(signals: tuple[signal.Signals, ...], act: Callable[[], None]) -> Iterator[None]:
    before = {number: signal.signal(number, lambda *_: act()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
