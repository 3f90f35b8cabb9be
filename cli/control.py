"""`nightreel jobs pause|resume|priority|cancel|retry|quarantined`: of jobs, or of a whole case."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.actor import caller
from cli.footage import ask_for_new
from cli.output import err, out, print_json, table
from errors import WrongUsage
from pipeline.act import Caller
from pipeline.governance.cases import find_case
from pipeline.planning import control
from pipeline.planning.control import Controlled, Selection
from report.timeline import clock
from storage.access.audit import Action
from storage.tables import Priority

Jobs = Annotated[list[int] | None, typer.Argument(help="Job numbers, as listed by `jobs list`.")]
OfCase = Annotated[str, typer.Option("--case", help="All jobs of this case's footage.")]
All = Annotated[bool, typer.Option("--all", help="All jobs.")]


def pause(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Pause jobs until `jobs resume`, also across restarts; running segments are finished."""
    asked = caller()
    done = control.pause(asked, _selection(asked, jobs, case, everything))
    _tell("paused", done, "has ended")


def resume(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Resume paused jobs."""
    asked = caller()
    done = control.resume(asked, _selection(asked, jobs, case, everything))
    ask_for_new()
    _tell("resumed", done, "is not paused")


def set_priority(
    priority: Annotated[Priority, typer.Argument(help="`urgent` or `overnight`.")],
    jobs: Jobs = None,
    case: OfCase = "",
    everything: All = False,
    any_time: Annotated[
        bool, typer.Option("--any-time", help="Also outside NIGHTREEL_WINDOW.")
    ] = False,
) -> None:
    """Set the priority of jobs; `urgent` goes before `overnight` from the next segment on."""
    asked = caller()
    selection = _selection(asked, jobs, case, everything)
    done = control.set_priority(asked, selection, priority, any_time=any_time)
    ask_for_new()
    _tell(f"{priority.value} now", done, "has ended")


def cancel(
    jobs: Jobs = None,
    case: OfCase = "",
    everything: All = False,
    purge: Annotated[
        bool, typer.Option("--purge", help="Also delete the recordings' records and results.")
    ] = False,
) -> None:
    """Cancel unfinished jobs and drop their results; `jobs retry` restarts them."""
    asked, step = caller(), control.forget if purge else control.cancel
    done = step(asked, _selection(asked, jobs, case, everything))
    _tell("deleted" if purge else "cancelled", done, "has ended")


def retry(jobs: Jobs = None, case: OfCase = "", everything: All = False) -> None:
    """Retry quarantined and cancelled segments."""
    asked = caller()
    released = control.retry(asked, _selection(asked, jobs, case, everything))
    ask_for_new()
    err.print(f"{released} segments queued for retry.")


def quarantined(
    jobs: Jobs = None,
    case: OfCase = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List quarantined segments, with reasons."""
    asked = caller()
    selection = _selection(asked, jobs, case, not (jobs or case), Action.CASE_VIEWED)
    rows = control.quarantined(asked.database, selection)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    shown = table("", "#job", "recording", "from", "to", "#attempts", "reason")
    for row in rows:
        times = clock(row.start_ms), clock(row.end_ms)
        shown.add_row(str(row.job), row.recording, *times, str(row.attempts), row.reason)
    out.print(shown)


def _selection(
    asked: Caller,
    jobs: list[int] | None,
    case: str,
    everything: bool,
    action: Action = Action.JOBS_CHANGED,
) -> Selection:
    if bool(jobs) + bool(case) + everything != 1:
        raise WrongUsage("Give job numbers, --case or --all.")
    return Selection(jobs or (), find_case(asked, case, action) if case else None, everything)


def _tell(what: str, done: Controlled, otherwise: str) -> None:
    if done.changed:
        err.print(f"Job {', '.join(map(str, done.changed))}: {what}.")
    for job in sorted(set(done.selected) - set(done.changed)):
        err.print(f"Job {job} {otherwise}; unchanged.")
    if not done.selected:
        err.print("No jobs found.")
