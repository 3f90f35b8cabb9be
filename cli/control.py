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

Jobs = Annotated[
    list[int] | None, typer.Argument(help="Numbers of jobs, as `jobs list` shows them.")
]
OfCase = Annotated[str, typer.Option("--case", help="All jobs of this case's footage.")]
All = Annotated[bool, typer.Option("--all", help="All jobs there are.")]


def pause(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Begin no further segment of these jobs; what is at work is finished. It lasts until resumed,
    also over restarts."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.pause(session, chosen, utc_now())
        _record(session, "pause", changed)
    _tell("paused", chosen, changed, "has ended")


def resume(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Go on with paused jobs."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.resume(session, chosen)
        _record(session, "resume", changed)
    ask_for_new()
    _tell("resumed", chosen, changed, "is not paused")


def set_priority(
    priority: Annotated[Priority, typer.Argument(help="What goes first.")],
    jobs: Jobs = None,
    case: OfCase = "",
    everything: All = False,
    any_time: Annotated[
        bool, typer.Option("--any-time", help="Outside NIGHTREEL_WINDOW too.")
    ] = False,
) -> None:
    """Say how urgent jobs are; `urgent` overtakes `overnight` at the next segment."""
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
        bool, typer.Option("--purge", help="Forget the recordings too, with all that was seen.")
    ] = False,
) -> None:
    """Stop jobs that have not ended and drop what they had seen; `jobs retry` begins them anew."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        changed = control.cancel(session, chosen, utc_now())
        if purge:
            control.forget(session, listing.recordings_of(session, chosen))
            changed = chosen
        _record(session, "forget" if purge else "cancel", changed)
    _tell("forgotten" if purge else "cancelled", chosen, changed, "has ended")


def retry(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Try again what was given up or cancelled."""
    with writing(resources().database) as session:
        chosen = _chosen(session, jobs, case, everything)
        released = control.retry(session, chosen)
        _record(session, "retry", chosen)
    ask_for_new()
    err.print(f"{len(released)} segments are tried again.")


def quarantined(
    jobs: Jobs = None,
    case: OfCase = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """The stretches of footage that were given up, and why."""
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
        raise WrongUsage("Name jobs by their numbers, or give --case, or --all.")
    known = listing.all_analyses(session)
    if unknown := set(jobs or ()) - set(known):
        raise WrongUsage(
            f"There is no job {min(unknown)}; `nightreel jobs list` shows what there is."
        )
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
        err.print(f"Job {job} {otherwise}; nothing was changed.")
    if not chosen:
        err.print("There are no such jobs.")
