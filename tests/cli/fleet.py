"""Machines of a fleet: own homes, with a shared database, queue and object store."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from command_line import Nightreel
from sqlalchemy import make_url, text

from storage.database.database import connect
from worker.supervise import __file__ as _supervise

PROGRAM = Path(_supervise).parents[1]
_numbers = count(1)


@dataclass
class Machine:
    """One machine, on which commands and services run."""

    nightreel: Nightreel
    before: tuple[str, ...] = ()
    """A program that starts another, for example in its own network."""
    services: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def serve(self, *service: str) -> None:
        """Start a worker or beat here, as a container does."""
        self.nightreel.home.mkdir(exist_ok=True)
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*self.before, sys.executable, "-m", "worker.serve", *service],
                cwd=PROGRAM, env=self.nightreel.environment, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        self.services.append(process)

    @property
    def log(self) -> Path:
        """The log of its services."""
        return self.nightreel.home / "services.log"

    @property
    def processes(self) -> set[str]:
        """The names of its worker processes in the ledger."""
        return {file.stem for file in (self.nightreel.home / "run" / "workers").glob("*.lock")}

    @property
    def network(self) -> Path:
        """The network namespace of its first service, as the kernel names it."""
        return Path(f"/proc/{self.services[0].pid}/ns/net").readlink()

    def lose(self) -> None:
        """Kill its services, as a power cut would."""
        for process in self.services:
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
            process.wait()
        self.services.clear()


@contextmanager
def fleet(
    folder: Path, names: Sequence[str], before: Sequence[tuple[str, ...]] = (), **settings: object
) -> Iterator[list[Machine]]:
    """Machines that share these settings; nothing runs on them afterwards."""
    befores = [*before, *[()] * len(names)]
    machines = [
        Machine(Nightreel(folder / name).with_settings(**settings), befores[place])
        for place, name in enumerate(names)
    ]
    try:
        yield machines
    finally:
        for machine in machines:
            machine.lose()


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """A new, empty database on a PostgreSQL server."""
    name = f"fleet_{next(_numbers)}"
    engine = connect(server).execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"create database {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"drop database {name} with (force)"))
    engine.dispose()
