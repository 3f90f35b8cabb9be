"""Tells which stack runs in a home folder, and which of its services are alive."""

import json
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from settings import Settings
from worker.bound import holder
from worker.folders import Folders

PROGRAMS = ("redis", "worker", "beat", "intake", "monitor", "flower", "web")


@dataclass(frozen=True, slots=True)
class StackInfo:
    """A running stack, as described in `run/stack.json`."""

    pid: int
    """Id of the process that started the stack and stops it."""
    services: list[str]
    """Those of PROGRAMS that it runs."""
    workers: int
    """Number of worker processes."""
    broker_url: str = field(repr=False)
    flower_url: str
    """Empty if it was started without Flower."""
    monitor_url: str
    """Empty if it was started without Flower."""
    web_url: str
    """Empty if it was started without Flower."""
    flower_user: str
    flower_password: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    """The settings it was started with: each value as `digests` gives it."""


def running(home: Path) -> StackInfo | None:
    """The stack that runs in a home folder, or None; the file of a killed stack does not count."""
    if not claimed(home):
        return None
    try:
        return StackInfo(**json.loads((Folders.of(home).run / "stack.json").read_text()))
    except (FileNotFoundError, TypeError):  # starting, just stopped, or of an older version
        return None


def claimed(home: Path) -> bool:
    """Whether a process runs, starts or stops a stack in a home folder."""
    return holder(Folders.of(home).lock("stack")) is not None


def services_alive(home: Path) -> dict[str, bool]:
    """For each service that should run, by name, whether its process is alive."""
    folders, stack = Folders.of(home), running(home)
    names = stack.services if stack else PROGRAMS
    return {name: holder(folders.lock(name)) is not None for name in names}


def digests(settings: Settings) -> dict[str, str]:
    """The sha256 of each setting's value, so that secrets can be compared but are not stored."""
    return {name: sha256(text.encode()).hexdigest() for name, text in settings.texts.items()}


def changed_since_start(settings: Settings) -> list[str]:
    """Names of the settings that differ from those of the stack that runs in their home folder."""
    stack = running(settings.home_folder)
    started = stack.settings if stack else {}
    now = digests(settings)
    return [name for name, digest in now.items() if started.get(name, digest) != digest]
