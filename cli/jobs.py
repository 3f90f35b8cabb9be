"""`nightreel jobs list|show` and `nightreel status`."""

from collections import Counter
from dataclasses import asdict
from typing import Annotated

import typer

from cli.footage import ask_for_new
from cli.output import err, out, print_json, table
from errors import WrongUsage
from review.timeline import clock
from storage import control
from storage.database import reading, writing
from storage.listing import all_analyses, segment_rows
from storage.progress import Outcome, Progress, outcomes, progress
from worker.resources import resources
from worker.stack import running, services_alive

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_jobs(as_json: AsJson = False) -> None:
    """Every recording under every plan: how far it has come and what came of it."""
    with reading(resources().database) as session:
        ids = all_analyses(session)
        rows = list(zip(outcomes(session, ids), progress(session, ids), strict=True))
    if as_json:
        print_json([_job(outcome, far) for outcome, far in rows])
        return
    shown = table("", "#job", "recording", "state", "#watched", "#length", "#faces", "#appearances")
    for outcome, far in rows:
        shown.add_row(
            str(outcome.analysis_id),
            outcome.name,
            outcome.state.value,
            f"{_percent(far)} %",
            clock(outcome.duration_ms),
            str(outcome.faces),
            str(outcome.appearances),
        )
    out.print(shown)


@app.command("show")
def show_job(
    job: Annotated[int, typer.Argument(help="Number of the job, as `jobs list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """One recording's segments: state, attempts, what was seen, and why something was given up."""
    with reading(resources().database) as session:
        found = outcomes(session, [job])
        far = progress(session, [job])
        segments = segment_rows(session, job)
    if not found:
        raise WrongUsage(f"There is no job {job}; `nightreel jobs list` shows what there is.")
    if as_json:
        print_json(_job(found[0], far[0]) | {"segments": [asdict(one) for one in segments]})
        return
    out.print(f"{found[0].name}: {found[0].state.value}, {_percent(far[0])} % watched")
    shown = table("", "#segment", "from", "to", "state", "#attempts", "#frames", "#faces", "reason")
    for one in segments:
        shown.add_row(
            str(one.index),
            clock(one.start_ms),
            clock(one.end_ms),
            one.state.value,
            str(one.attempts),
            str(one.sampled_frames),
            str(one.faces),
            one.reason or "",
        )
    out.print(shown)


@app.command("retry")
def retry_job(
    job: Annotated[int, typer.Argument(help="Number of the job, as `jobs list` shows it.")],
) -> None:
    """Try again the segments of a job that were given up."""
    with writing(resources().database) as session:
        if not segment_rows(session, job):
            raise WrongUsage(f"There is no job {job}; `nightreel jobs list` shows what there is.")
        given_back = control.retry(session, [job])
    ask_for_new()
    err.print(f"{len(given_back)} segments of job {job} are tried again.")


def status(as_json: AsJson = False) -> None:
    """What runs, what is done and what remains."""
    home = resources().settings.home_folder
    with reading(resources().database) as session:
        far = progress(session, all_analyses(session))
    states = Counter(one.state.value for one in far)
    remaining_ms = sum(one.total_ms - one.done_ms for one in far)
    stack = running(home)
    said = {
        "home": str(home),
        "running": bool(stack),
        "services": services_alive(home),
        "flower": stack.flower_url if stack else "",
        "recordings": dict(states),
        "footage_done_ms": sum(one.done_ms for one in far),
        "footage_remaining_ms": remaining_ms,
    }
    if as_json:
        print_json(said)
        return
    alive = [name for name, lives in services_alive(home).items() if lives]
    out.print(
        f"Services: {', '.join(alive) if alive else 'not running; start them with `nightreel up`'}"
    )
    if stack and stack.flower_url:
        out.print(f"Flower: {stack.flower_url} (user {stack.flower_user})")
    out.print("Recordings: " + (", ".join(f"{n} {state}" for state, n in states.items()) or "none"))
    out.print(f"Footage still to be watched: {clock(remaining_ms)}")


def _percent(far: Progress) -> int:
    return round(100 * far.done_ms / far.total_ms) if far.total_ms else 100


def _job(outcome: Outcome, far: Progress) -> dict[str, object]:
    return {
        "job": outcome.analysis_id,
        "name": outcome.name,
        "sha256": outcome.sha256,
        "plan": outcome.plan_key,
        "state": outcome.state.value,
        "duration_ms": outcome.duration_ms,
        "watched_percent": _percent(far),
        "segments": {state.value: count for state, count in far.segments.items()},
        "faces": outcome.faces,
        "appearances": outcome.appearances,
        "gaps": outcome.gaps,
        "reasons": outcome.reasons,
    }
