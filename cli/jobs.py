"""`nightreel jobs list|show`."""

from dataclasses import asdict
from typing import Annotated

import typer

from cli.output import out, print_json, table
from cli.overlaps import footage_link, print_links
from pipeline.planning import jobs
from report.timeline import clock
from storage.jobs.progress import Outcome, Progress
from storage.jobs.states import OPEN
from storage.tables import Priority
from worker.resources import resources

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def list_jobs(as_json: AsJson = False) -> None:
    """List jobs, one per recording and plan: progress and results."""
    rows = jobs.list_jobs(resources().database)
    if as_json:
        print_json([_job(outcome, far) for outcome, far in rows])
        return
    shown = table(
        "", "#job", "recording", "state", "#processed", "#length", "#faces", "#appearances"
    )
    for outcome, far in rows:
        shown.add_row(
            str(outcome.analysis_id),
            outcome.name,
            _standing(outcome, far),
            f"{_percent(far)} %" if outcome.cut_by is None else "none",
            clock(outcome.duration_ms),
            str(outcome.faces),
            str(outcome.appearances),
        )
    out.print(shown)


def show_job(
    job: Annotated[int, typer.Argument(help="Job number, as listed by `jobs list`.")],
    as_json: AsJson = False,
) -> None:
    """Show the segments of a job: state, attempts, faces and reasons for failure."""
    details = jobs.show_job(resources().database, job)
    outcome, far = details.outcome, details.progress
    if as_json:
        links = [footage_link(link) for link in details.same_footage]
        whole = {
            "segments": [asdict(segment) for segment in details.segments],
            "same_footage": links,
        }
        print_json(_job(outcome, far) | whole)
        return
    out.print(f"{outcome.name}: {_standing(outcome, far)}, {_watched(outcome, far)}")
    shown = table("", "#segment", "from", "to", "state", "#attempts", "#frames", "#faces", "reason")
    for segment in details.segments:
        shown.add_row(
            str(segment.index),
            clock(segment.start_ms),
            clock(segment.end_ms),
            segment.state.value,
            str(segment.attempts),
            str(segment.sampled_frames),
            str(segment.faces),
            segment.reason or "",
        )
    out.print(shown)
    print_links(details.same_footage)


def _watched(outcome: Outcome, far: Progress) -> str:
    if outcome.cut_by is None:
        return f"{_percent(far)} % processed"
    return " ".join(["not processed.", *outcome.reasons])


def _standing(outcome: Outcome, far: Progress) -> str:
    remarks = ["urgent"] * (far.priority is Priority.URGENT and far.state in OPEN)
    remarks += ["imported"] * (outcome.cut_by is not None)
    remarks += ["crops re-embedded"] * far.of_crops
    remarks += ["paused"] * (far.paused_at is not None)
    return ", ".join([far.state.value, *remarks])


def _percent(far: Progress) -> int:
    return round(100 * far.done_ms / far.total_ms) if far.total_ms else 100


def _job(outcome: Outcome, far: Progress) -> dict[str, object]:
    return {
        "job": outcome.analysis_id,
        "name": outcome.name,
        "sha256": outcome.sha256,
        "plan": outcome.plan_key,
        "state": outcome.state.value,
        "priority": far.priority.value,
        "any_time": far.any_time,
        "paused": far.paused_at is not None,
        "of_crops": far.of_crops,
        "cut_by": outcome.cut_by,
        "duration_ms": outcome.duration_ms,
        "watched_percent": 0 if outcome.cut_by else _percent(far),
        "segments": {state.value: count for state, count in far.segments.items()},
        "faces": outcome.faces,
        "appearances": outcome.appearances,
        "gaps": outcome.gaps,
        "reasons": outcome.reasons,
    }
