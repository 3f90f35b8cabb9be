"""The embedded stack's folders inside the home folder; only the owner can access them."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from atomic_file import atomic_write


@dataclass(frozen=True, slots=True)
class Folders:
    """The stack's folders in one home folder."""

    run: Path
    """Configuration, locks and passwords; all but the passwords is rewritten at each start."""
    queue: Path
    """Redis's append-only file; the only folder that contains work."""
    logs: Path

    @classmethod
    def of(cls, home: Path) -> Self:
        """The folders of one home folder; does not create them."""
        return cls(run=home / "run", queue=home / "queue", logs=home / "logs")

    def make(self) -> None:
        """Create the folders. Raises OSError."""
        self.run.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (self.run, self.queue, self.logs):
            folder.mkdir(mode=0o700, exist_ok=True)

    def lock(self, name: str) -> Path:
        """Path of the lock file that a program holds while it lives."""
        return self.run / f"{name}.lock"

    def write(self, name: str, text: str) -> None:
        """Write a file in `run` atomically, readable by its owner only. Raises OSError."""
        with atomic_write(self.run / name) as file:
            file.write(text.encode())

    def lasting_password(self, name: str) -> str:
        """A password that is created at the first call and then kept in `run`. Raises OSError."""
        file = self.run / name
        if not file.exists():
            self.write(name, secrets.token_urlsafe(16))
        return file.read_text()
