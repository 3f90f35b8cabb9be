"""Where the embedded stack keeps its files inside the home folder; all for the owner alone."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from atomic_file import atomic_write


@dataclass(frozen=True, slots=True)
class Folders:
    """The stack's part of one home folder."""

    run: Path
    """Configuration, locks and passwords; all but the passwords is rewritten at each start."""
    queue: Path
    """Redis's append-only file: the only one of these that holds work."""
    logs: Path

    @classmethod
    def of(cls, home: Path) -> Self:
        """The folders of one home; not made yet."""
        return cls(run=home / "run", queue=home / "queue", logs=home / "logs")

    def make(self) -> None:
        """Make them. Raises OSError."""
        self.run.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.queue, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)

    def lock(self, name: str) -> Path:
        """The file that a program holds locked while it lives."""
        return self.run / f"{name}.lock"

    def write(self, name: str, text: str) -> None:
        """Write a file of `run`, whole or not at all, readable by its owner only."""
        with atomic_write(self.run / name) as file:
            file.write(text.encode())

    def lasting_password(self, name: str) -> str:
        """A password that is made once and then stays the same."""
        file = self.run / name
        if not file.exists():
            self.write(name, secrets.token_urlsafe(16))
        return file.read_text()
