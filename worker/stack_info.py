"""Which stack runs in a home folder, and which of its services."""

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
    """A running stack, as `run/stack.json` has it."""

    pid: int
    """The process that started it and that stops it."""
    services: list[str]
    """What of PROGRAMS it runs."""
    workers: int
    broker_url: str = field(repr=False)
    flower_url: str
    """Empty when Flower was not asked for."""
    monitor_url: str
    """Empty likewise."""
    web_url: str
    """Empty likewise."""
    flower_user: str
    flower_password: str = field(repr=False)
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    """What it was started with: each setting's value as `digests` gives it."""


def running(home: Path) -> StackInfo | None:
    """The stack that runs in a home folder, or None; a file left by a killed one does not count."""
    if not claimed(home):
        return None
    try:
        return StackInfo(**json.loads((Folders.of(home).run / "stack.json").read_text()))
    except (FileNotFoundError, TypeError):  # it is about to start, has just stopped, or is older
        return None


def claimed(home: Path) -> bool:
    """Whether a process runs a stack in a home folder, or is about to, or is stopping it."""
    return holder(Folders.of(home).lock("stack")) is not None


def services_alive(home: Path) -> dict[str, bool]:
    """For each service that is to run, by name, whether its process lives."""
    folders, stack = Folders.of(home), running(home)
    names = stack.services if stack else PROGRAMS
    return {name: holder(folders.lock(name)) is not None for name in names}


def digests(settings: Settings) -> dict[str, str]:
    """For each setting the sha256 of its value: secrets are compared and not written down."""
    return {name: sha256(text.encode()).hexdigest() for name, text in settings.texts.items()}


def changed_since_start(settings: Settings) -> list[str]:
    """The settings with another value than the stack that runs in their home was started with."""
    stack = running(settings.home_folder)
    started = stack.settings if stack else {}
    now = digests(settings)
    return [name for name, digest in now.items() if started.get(name, digest) != digest]
