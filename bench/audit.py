"""Measures the audit log: how fast it is written and verified, and which mutations are found.

Run `python -m bench.audit`. Every mutation is made in a real database without its triggers, and
then rolled back.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import col, delete, update

from storage.access.audit import Action, entries, record
from storage.access.chain import Entry, first_broken
from storage.database.database import Engine, Session, connect, reading, upgrade, writing
from storage.tables import AuditEntry

MUTATIONS = 10_000
LENGTH = 100
MANY = 200_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
SHIFT = 1_000_000
"""Temporary position of an entry while two are swapped."""


def main(mutations: int = MUTATIONS, many: int = MANY) -> None:
    """Print how many mutations of each kind were found, and entries per second."""
    with tempfile.TemporaryDirectory() as folder:
        small, large = _made(Path(folder) / "small.db"), _made(Path(folder) / "large.db")
        _fill(small, LENGTH)
        for kind, (done, found) in sorted(_mutate(small, mutations).items()):
            print(f"{kind}: {found} of {done} found")
        _tell("written in one transaction", many, lambda: _fill(large, many))
        _tell("written in a transaction each", 500, lambda: _fill(large, 500, apart=True))
        _tell("checked, from the database", many + 500, lambda: _verify(large))


def _made(file: Path) -> Engine:
    engine = connect(f"sqlite:///{file}")
    upgrade(engine)
    with writing(engine) as session:
        for name in ("no_update", "no_delete", "next"):
            session.connection().exec_driver_sql(f"drop trigger audit_entry_{name}")
    return engine


def _fill(engine: Engine, number: int, *, apart: bool = False) -> None:
    def write(session: Session, index: int) -> None:
        record(
            session,
            actor=f"account:{index % 7}",
            action=Action.CANDIDATES_VIEWED,
            case_id=index % 5 or None,
            objects={"person_ids": [index], "appearance_ids": [index, index + 1], "threshold": 0.4},
            now=AT,
        )

    for start in range(0, number, 1 if apart else number):
        with writing(engine) as session:
            for index in range(start, start + (1 if apart else number)):
                write(session, index)


def _verify(engine: Engine) -> None:
    with reading(engine) as session:
        if first_broken(entries(session), {}) is not None:
            raise SystemExit("a log that nobody touched was called bad")


def _tell(what: str, number: int, work: Callable[[], None]) -> None:
    began, worked = time.perf_counter(), time.process_time()
    work()
    wall, core = time.perf_counter() - began, time.process_time() - worked
    print(f"{what}: {number / wall:,.0f} entries a second, {number / core:,.0f} a second of a core")


class _Undone(Exception):
    """Rolls a mutation back."""


def _mutate(engine: Engine, number: int) -> dict[str, tuple[int, int]]:
    chance, done, found = random.Random(7), Counter[str](), Counter[str]()
    with reading(engine) as session:
        log = list(entries(session))
    for index in range(number):
        kind = list(KINDS)[index % len(KINDS)]
        try:
            with writing(engine) as session:
                change = KINDS[kind](session, log, chance)
                expected = {LENGTH: log[-1].hash} if kind == "truncations" else {}
                broken = first_broken(entries(session), expected)
                done[kind] += 1
                found[kind] += broken is not None and broken.position == change
                raise _Undone
        except _Undone:
            continue
    return {kind: (done[kind], found[kind]) for kind in done}


def _edit(session: Session, log: list[Entry], chance: random.Random) -> int:
    entry = chance.choice(log)
    altered = {
        "actor": f"uid:{chance.randrange(10**6)}",
        "action": chance.choice([action for action in Action if action != entry.action]).value,
        "case_id": chance.randrange(10, 10**6),
        "objects": f'{{"person_ids":[{chance.randrange(10**6, 10**7)}]}}',
        "hash": f"{chance.getrandbits(256):064x}",
        "at": _another_moment(chance),
    }
    field = chance.choice(sorted(altered))
    session.exec(_at(entry.position).values({field: altered[field]}))
    return entry.position


def _another_moment(chance: random.Random) -> datetime:
    return AT.replace(year=2027, microsecond=chance.randrange(10**6))


def _delete(session: Session, log: list[Entry], chance: random.Random) -> int:
    position = chance.randrange(1, len(log))
    session.exec(delete(AuditEntry).where(col(AuditEntry.id) == position))
    return position


def _swap(session: Session, log: list[Entry], chance: random.Random) -> int:
    a, b = sorted(chance.sample(range(1, len(log) + 1), 2))
    for old, new in ((a, SHIFT), (b, a), (SHIFT, b)):
        session.exec(_at(old).values(id=new))
    return a


def _truncate(session: Session, log: list[Entry], chance: random.Random) -> int:
    kept = chance.randrange(len(log))
    session.exec(delete(AuditEntry).where(col(AuditEntry.id) > kept))
    return kept + 1


def _at(position: int) -> Any:
    return update(AuditEntry).where(col(AuditEntry.id) == position)


KINDS = {"deletions": _delete, "edits": _edit, "swaps": _swap, "truncations": _truncate}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
