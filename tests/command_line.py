"""`nightreel` as a user runs it: in its own process, on its own home folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from waiting import wait_until
from warm_start import run_warm

from settings import Settings
from worker.ports import free_port
from worker.stack import Stack
from worker.stack_info import services_alive

INTERRUPTIBLE = ("env", "--default-signal=INT")
"""Otherwise commands of tests run in the background would inherit that Ctrl-C is ignored."""
TERMS = (
    "--legal-basis", "witness-search", "--purpose", "a test", "--requested-by", "an officer",
    "--source", "*", "--from", "1900-01-01", "--to", "2200-01-01",
)  # fmt: skip
"""The terms of a case that covers the whole archive."""
COMMAND = str(Path(sys.executable).with_name("nightreel"))


@dataclass(frozen=True)
class Done:
    """The result of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.out)

    @property
    def said(self) -> list[str]:
        """The lines it wrote to stderr, except the one about the case it opened."""
        return [line for line in self.err.splitlines() if not line.startswith("Case run-")]


@dataclass(frozen=True)
class Nightreel:
    """The command line on one home folder, with engine `stub` unless settings say otherwise."""

    home: Path
    settings: tuple[tuple[str, object], ...] = ()
    started: list["subprocess.Popen[str]"] = field(default_factory=list, repr=False)

    def with_settings(self, **settings: object) -> "Nightreel":
        """The same home with other settings."""
        return Nightreel(self.home, (*self.settings, *settings.items()), self.started)

    def start(
        self, *arguments: str | bytes | Path, before: Sequence[str] = ()
    ) -> "subprocess.Popen[str]":
        """Start a command, with the program `before` if given."""
        process = subprocess.Popen(
            [*INTERRUPTIBLE, *before, COMMAND, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def clean_up(self) -> None:
        """Stop everything that the test left running."""
        for process in self.started:
            process.kill()
            process.communicate()
        if (self.home / "run").exists():
            wait_until(lambda: not any(services_alive(self.home).values()))

    def __call__(self, *arguments: str | bytes | Path, before: Sequence[str] = ()) -> Done:
        """Run a command to its end."""
        if before:
            return ended(self.start(*arguments, before=before))
        return Done(*run_warm([COMMAND, *map(os.fsdecode, arguments)], self.environment))

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if "NIGHTREEL" not in name}
        given = self.values
        return inherited | {f"NIGHTREEL_{name.upper()}": str(given[name]) for name in given}

    @property
    def values(self) -> dict[str, object]:
        """The settings, by name."""
        values = {"engine": "stub", "workers": 1, "stop_seconds": 5, "lease_seconds": 5}
        return values | {"home": self.home} | dict(self.settings)


def ended(process: "subprocess.Popen[str]") -> Done:
    """Wait for a command's end."""
    out, err = process.communicate(timeout=170)
    return Done(process.returncode, out, err)


@dataclass(frozen=True)
class Up:
    """A running `nightreel up`."""

    nightreel: Nightreel
    process: "subprocess.Popen[str]"

    def stop(self) -> Done:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return ended(self.process)


def bring_up(nightreel: Nightreel) -> Up:
    """`nightreel up`, on free ports."""
    nightreel = nightreel.with_settings(
        flower_port=free_port(), monitor_port=free_port(), web_port=free_port()
    )
    up = Up(nightreel, nightreel.start("up"))
    wait_until(lambda: services_alive(nightreel.home)["worker"] or up.process.poll() is not None)
    return up


@contextmanager
def workers_running(nightreel: Nightreel) -> Iterator[Stack]:
    """The queue and its workers as `up` runs them, without the pages: those take as long to start,
    and many tests do not need them."""
    stack = Stack(Settings(**nightreel.values))
    stack.start(flower=False)
    with stack:
        yield stack


def unseen_copy(clip: Path, copy: Path) -> Path:
    """The same pictures in different bytes: an MP4 may end with a box of any content."""
    box = (8 + 16).to_bytes(4, "big") + b"free" + os.urandom(16)
    copy.write_bytes(clip.read_bytes() + box)
    return copy
