"""`nightreel jobs pause|resume|priority|cancel|retry|quarantined`: of jobs, or of a whole case."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from cli.actor import actor
from cli.footage import ask_for_new
from cli.output import err, out, print_json, table
from errors import WrongUsage
from pipeline.clock import utc_now
from report.timeline import clock
from storage.access.audit import Action, record
from storage.cases import cases
from storage.database.database import Session, reading, writing
from storage.jobs import control, listing
from storage.tables import Priority
from worker.resources import resources

Jobs = Annotated[list[int] | None, typer.Argument(help="Job numbers, as listed by `jobs list`.")]
OfCase = Annotated[str, typer.Option("--case", help="All jobs of this case's footage.")]
All = Annotated[bool, typer.Option("--all", help="All jobs.")]


def pause(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Begin no further segment of these jobs; what is at work is finished. It lasts until resumed,
    also over restarts."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.pause(session, chosen, utc_now())
        _record(session, "pause", changed)
    _tell("paused", chosen, changed, "has ended")


def resume(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Resume paused jobs."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.resume(session, chosen)
        _record(session, "resume", changed)
    ask_for_new()
    _tell("resumed", chosen, changed, "is not paused")


def set_priority(
    priority: Annotated[Priority, typer.Argument(help="The priority.")],
    jobs: Jobs = None,
    case: OfCase = "",
    everything: All = False,
    any_time: Annotated[
        bool, typer.Option("--any-time", help="Also outside NIGHTREEL_WINDOW.")
    ] = False,
) -> None:
    """Set the priority of jobs; `urgent` goes before `overnight` from the next segment on."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.set_priority(session, chosen, priority, any_time=any_time)
        _record(session, priority.value, changed)
    ask_for_new()
    _tell(f"{priority.value} now", chosen, changed, "has ended")


def cancel(
    jobs: Jobs = None,
    case: OfCase = "",
    everything: All = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete the recordings' records and results.")
    ] = False,
) -> None:
    """Cancel unfinished jobs and drop their results; `jobs retry` restarts them."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.cancel(session, chosen, utc_now())
        if purge:
            control.forget(session, listing.recordings_of(session, chosen))
            changed = chosen
        _record(session, "forget" if purge else "cancel", changed)
    _tell("deleted" if purge else "cancelled", chosen, changed, "has ended")


def retry(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Retry quarantined and cancelled segments."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        released = control.retry(session, chosen)
        _record(session, "retry", chosen)
    ask_for_new()
    err.print(f"{len(released)} segments queued for retry.")


def quarantined(
    jobs: Jobs = None,
    case: OfCase = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List quarantined segments, with reasons."""
    with reading(resources().database) as session:
        rows = listing.quarantined(session, _chosen(session, jobs, case, not (jobs or case)))
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    shown = table("", "#job", "recording", "from", "to", "#attempts", "reason")
    for row in rows:
        times = clock(row.start_ms), clock(row.end_ms)
        shown.add_row(str(row.job), row.recording, *times, str(row.attempts), row.reason)
    out.print(shown)


def _chosen(session: Session, jobs: Sequence[int] | None, case: str, everything: bool) -> list[int]:
    if bool(jobs) + bool(case) + everything != 1:
        raise WrongUsage("Give job numbers, --case or --all.")
    known = listing.all_analyses(session)
    if unknown := set(jobs or ()) - set(known):
        raise WrongUsage(f"No job {min(unknown)}; see `nightreel jobs list`.")
    if case:
        return listing.analyses_of_case(session, cases.find_case(session, case).id)
    return sorted(set(jobs)) if jobs else known


def _record(session: Session, mode: str, jobs: Sequence[int]) -> None:
    record(
        session,
        actor=actor(),
        action=Action.PURGED if mode == "forget" else Action.JOBS_CHANGED,
        objects={"mode": mode, "analysis_ids": list(jobs)},
        now=utc_now(),
    )


def _tell(done: str, chosen: Sequence[int], changed: Sequence[int], otherwise: str) -> None:
    if changed:
        err.print(f"Job {', '.join(map(str, changed))}: {done}.")
    for job in sorted(set(chosen) - set(changed)):
        err.print(f"Job {job} {otherwise}; unchanged.")
    if not chosen:
        err.print("No jobs found.")
