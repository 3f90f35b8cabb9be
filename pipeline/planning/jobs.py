"""Jobs, one per recording and plan: list and inspect them, and how far they are."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from errors import WrongUsage
from pipeline.act import Caller
from storage.cases.gallery import unmatched_people
from storage.database.database import Engine, reading
from storage.jobs import listing
from storage.jobs.listing import SegmentRow
from storage.jobs.overlaps import SameFootage, footage_shared, same_footage
from storage.jobs.progress import Outcome, Progress, outcomes, progress
from storage.jobs.states import OVER
from storage.results.exports import recordings_called


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands, with its segments."""

    outcome: Outcome
    progress: Progress
    segments: list[SegmentRow]
    same_footage: list[SameFootage]
    """Which other recordings show the same footage."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """How far some jobs are, and whether anything of them is still to come."""

    total_ms: int
    done_ms: int
    is_over: bool


def count_jobs(database: Engine) -> int:
    """How many jobs there are. Raises StoreUnavailable."""
    with reading(database) as session:
        return len(listing.all_analyses(session))


def list_jobs(database: Engine) -> list[tuple[Outcome, Progress]]:
    """Every job, oldest first. Raises StoreUnavailable."""
    with reading(database) as session:
        ids = listing.all_analyses(session)
        return list(zip(outcomes(session, ids), progress(session, ids), strict=True))


def show_job(database: Engine, job: int) -> Job:
    """One job. Raises WrongUsage when there is none, StoreUnavailable."""
    with reading(database) as session:
        found = outcomes(session, [job])
        if not found:
            raise WrongUsage(f"No job {job}; see `nightreel jobs list`.")
        return Job(
            found[0],
            progress(session, [job])[0],
            listing.segment_rows(session, job),
            footage_shared(session, found[0].recording_id),
        )


def footage_jobs(database: Engine) -> list[int]:
    """The jobs with appearances of their own, oldest first. Raises StoreUnavailable."""
    with reading(database) as session:
        return listing.footage(session)


def jobs_of_engine(database: Engine, plan_key: str, engine: str) -> list[int]:
    """The jobs under a plan, and those whose faces an engine embedded. Raises StoreUnavailable."""
    with reading(database) as session:
        return listing.footage_seen(session, plan_key, engine)


def outcomes_of(database: Engine, jobs: Sequence[int]) -> list[Outcome]:
    """What came of these jobs. Raises StoreUnavailable."""
    with reading(database) as session:
        return outcomes(session, jobs)


def same_footage_among(database: Engine, jobs: Sequence[int]) -> list[SameFootage]:
    """Which recordings of these jobs show the same footage. Raises StoreUnavailable."""
    with reading(database) as session:
        return same_footage(session, listing.recordings_of(session, jobs))


def remaining(caller: Caller, jobs: Sequence[int], people: Collection[int]) -> Remaining:
    """How far these jobs are; over once these people were compared, too.

    Raises StoreUnavailable.
    """
    with reading(caller.database) as session:
        far = progress(session, jobs)
        uncompared = set(people) & set(unmatched_people(session, now=caller.now))
    return Remaining(
        total_ms=sum(one.total_ms for one in far),
        done_ms=sum(one.done_ms for one in far),
        is_over=not uncompared and all(one.state in OVER for one in far),
    )


def find_recordings(database: Engine, name: str) -> list[int]:
    """The recordings with this file name or sha256. Raises WrongUsage when there are none."""
    with reading(database) as session:
        found = recordings_called(session, name)
    if not found:
        raise WrongUsage(f"No recording {name}; see `nightreel jobs list`.")
    return found
