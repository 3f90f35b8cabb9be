"""Pause, resume, prioritise, cancel and retry jobs; each is recorded with the change."""

from collections.abc import Sequence
from dataclasses import dataclass

from errors import WrongUsage
from pipeline.act import Caller
from storage.access.audit import Action
from storage.database.database import Engine, Session, reading, writing
from storage.jobs import control, listing
from storage.jobs.listing import QuarantinedRow
from storage.results.ranking import close_gaps
from storage.tables import Priority


@dataclass(frozen=True, slots=True)
class Selection:
    """The jobs to change: by number, by the footage of a case, or all."""

    jobs: Sequence[int] = ()
    case_id: int | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class Controlled:
    """The selected jobs, and the ones that changed."""

    selected: list[int]
    changed: list[int]


def pause(caller: Caller, selection: Selection) -> Controlled:
    """Start no more segments of these jobs. Raises WrongUsage for an unknown job."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        changed = control.pause(session, jobs, caller.now)
        return _recorded(caller, session, "pause", jobs, changed)


def resume(caller: Caller, selection: Selection) -> Controlled:
    """Resume paused jobs; raises as `pause`."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        return _recorded(caller, session, "resume", jobs, control.resume(session, jobs))


def set_priority(
    caller: Caller, selection: Selection, priority: Priority, *, any_time: bool
) -> Controlled:
    """Set the priority, and whether processing windows apply; raises as `pause`."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        changed = control.set_priority(session, jobs, priority, any_time=any_time)
        return _recorded(caller, session, priority.value, jobs, changed)


def cancel(caller: Caller, selection: Selection) -> Controlled:
    """Cancel unfinished jobs and drop their results; raises as `pause`."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        changed = control.cancel(session, jobs, caller.now)
        close_gaps(session)
        return _recorded(caller, session, "cancel", jobs, changed)


def forget(caller: Caller, selection: Selection) -> Controlled:
    """Cancel jobs and delete their recordings with all results; raises as `pause`."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        control.cancel(session, jobs, caller.now)
        control.forget(session, listing.recordings_of(session, jobs))
        close_gaps(session)
        return _recorded(caller, session, "forget", jobs, jobs)


def retry(caller: Caller, selection: Selection) -> int:
    """Queue quarantined and cancelled segments again; returns how many. Raises as `pause`."""
    with writing(caller.database) as session:
        jobs = _selected(session, selection)
        released = control.retry(session, jobs)
        _recorded(caller, session, "retry", jobs, jobs)
    return len(released)


def retry_known(database: Engine, job: int) -> int:
    """Queue the quarantined segments of footage that was added again; returns how many."""
    with writing(database) as session:
        return len(control.retry(session, [job]))


def quarantined(database: Engine, selection: Selection) -> list[QuarantinedRow]:
    """The quarantined segments of these jobs, with reasons; raises as `pause`."""
    with reading(database) as session:
        return listing.quarantined(session, _selected(session, selection))


def _recorded(
    caller: Caller, session: Session, mode: str, jobs: list[int], changed: list[int]
) -> Controlled:
    act = caller.act(Action.PURGED if mode == "forget" else Action.JOBS_CHANGED)
    act.record(session, None, mode=mode, analysis_ids=changed)
    return Controlled(jobs, changed)


def _selected(session: Session, selection: Selection) -> list[int]:
    all_jobs = listing.all_analyses(session)
    if unknown := set(selection.jobs) - set(all_jobs):
        raise WrongUsage(f"No job {min(unknown)}; see `nightreel jobs list`.")
    if selection.case_id is not None:
        return listing.analyses_of_case(session, selection.case_id)
    return all_jobs if selection.everything else sorted(set(selection.jobs))
