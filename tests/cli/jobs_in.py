"""Reading a home's ledger while commands run on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from errors import StoreUnavailable, WrongDatabase
from storage.database.database import Session, connect, reading
from storage.jobs.listing import all_analyses, segment_rows
from storage.jobs.progress import Outcome, outcomes
from storage.jobs.refusals import all_refusals
from storage.tables import State


def jobs_in(home: Path) -> list[Outcome]:
    """All jobs; none while the database is being created."""
    if not (home / "nightreel.db").exists():
        return []
    try:
        with _looking_into(home) as session:
            return outcomes(session, all_analyses(session))
    except (StoreUnavailable, WrongDatabase):
        return []


def refused_in(home: Path) -> set[str]:
    """The names of the files that the watched folder rejected."""
    if not (home / "nightreel.db").exists():
        return set()
    try:
        with _looking_into(home) as session:
            return {one.name for one in all_refusals(session)}
    except WrongDatabase:
        return set()


def state_of(name: str, home: Path) -> State | None:
    """The state of the job on the recording of this name; None when there is none yet."""
    return next((job.state for job in jobs_in(home) if job.name == name), None)


def being_watched(name: str, home: Path) -> bool:
    """Whether a worker is processing this recording right now."""
    ids = [job.analysis_id for job in jobs_in(home) if job.name == name]
    with _looking_into(home) as session:
        return any(row.state is State.RUNNING for id in ids for row in segment_rows(session, id))


@contextmanager
def _looking_into(home: Path) -> Iterator[Session]:
    engine = connect(f"sqlite:///{home / 'nightreel.db'}")
    try:
        with reading(engine) as session:
            yield session
    finally:
        engine.dispose()
