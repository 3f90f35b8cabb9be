"""List and inspect jobs, one per recording and plan, and report their progress."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from errors import WrongUsage
from pipeline.act import Caller
from storage.database.database import Engine, reading
from storage.jobs import listing
from storage.jobs.listing import SegmentRow
from storage.jobs.overlaps import SameFootage, footage_shared, same_footage
from storage.jobs.progress import Outcome, Progress, outcomes, progress
from storage.jobs.states import OVER
from storage.results.comparisons import stale, stale_analyses
from storage.results.exports import recordings_called


@dataclass(frozen=True, slots=True)
class Job:
    """A job's current state, with its segments."""

    outcome: Outcome
    progress: Progress
    segments: list[SegmentRow]
    same_footage: list[SameFootage]
    """Duplicate footage in other recordings."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """The progress of some jobs, and whether all of them are over. Lengths are of footage."""

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
    """One job. Raises WrongUsage when it does not exist, StoreUnavailable."""
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
    """The results of these jobs. Raises StoreUnavailable."""
    with reading(database) as session:
        return outcomes(session, jobs)


def same_footage_among(database: Engine, jobs: Sequence[int]) -> list[SameFootage]:
    """Duplicate footage among the recordings of these jobs. Raises StoreUnavailable."""
    with reading(database) as session:
        return same_footage(session, listing.recordings_of(session, jobs))


def remaining(caller: Caller, jobs: Sequence[int], people: Collection[int]) -> Remaining:
    """The progress of these jobs; they are over only once these people were compared, too.

    `people` are ids of persons of interest. Raises StoreUnavailable.
    """
    with reading(caller.database) as session:
        progresses = progress(session, jobs)
        uncompared = bool(
            stale(session, caller.now, person_ids=people)
            or set(jobs).intersection(stale_analyses(session))
        )
    return Remaining(
        total_ms=sum(job_progress.total_ms for job_progress in progresses),
        done_ms=sum(job_progress.done_ms for job_progress in progresses),
        is_over=not uncompared and all(job_progress.state in OVER for job_progress in progresses),
    )


def find_recordings(database: Engine, name: str) -> list[int]:
    """The recordings with this file name or sha256. Raises WrongUsage when there are none."""
    with reading(database) as session:
        recordings = recordings_called(session, name)
    if not recordings:
        raise WrongUsage(f"No recording {name}; see `nightreel jobs list`.")
    return recordings
