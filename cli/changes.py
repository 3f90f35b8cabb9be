"""`nightreel changes`."""

from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import caller
from cli.output import err, out, print_json, table
from pipeline.governance.cases import find_case
from pipeline.judging.changes import CAUSES, view_changes
from report.column import plain
from report.columns import SEEN
from report.timeline import clock
from storage.access.audit import Action
from storage.database.moments import in_utc
from storage.results.candidates import Place
from storage.results.changes import Change, Changes
from storage.results.rematches import Rematch
from worker.resources import resources


def changes(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    person: Annotated[str, typer.Option(help="Only this person of the case.")] = "",
    since: Annotated[
        int | None,
        typer.Option(min=0, help="Changes after this run; default: of the last run."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Changes since the last comparison: new, gone and moved candidates; which need re-review."""
    found = changes_for(case, person, since)
    if as_json:
        print_json(_document(case, found))
        return
    for run in found.rematches:
        err.print(_said(run, found))
    out.print(_table(found))


def changes_for(case: str, person: str = "", since: int | None = None) -> Changes:
    """The changes for a case's people. Raises NotAuthorised, Locked, WrongUsage."""
    asked = caller()
    case_id = find_case(asked, case, Action.CANDIDATES_VIEWED)
    found = view_changes(asked, case_id, engine=resources().engine, person=person, since=since)
    return found.changes


def _document(case: str, found: Changes) -> dict[str, object]:
    return {
        "case": case,
        "runs": [_run(run) for run in found.rematches],
        "changes": [_change(change) for change in found.changes],
        "look_again": sum(change.look_again for change in found.changes),
    }


def _run(run: Rematch) -> dict[str, object]:
    values = asdict(run)
    return {"run": values.pop("id")} | {
        name: value.isoformat() if name.endswith("_at") else value for name, value in values.items()
    }


def _change(change: Change) -> dict[str, object]:
    return {
        "person": change.person,
        "run": change.rematch_id,
        "kind": change.kind,
        **plain(SEEN, change.seen),
        "before": _place(change.before, change.reference_before),
        "after": _place(change.after, change.reference_after),
        "look_again": change.look_again,
    }


def _place(place: Place | None, photo: str | None) -> dict[str, object] | None:
    if place is None:
        return None
    return {"rank": place.rank, "distance": round(place.distance, 4), "reference": photo}


def _said(run: Rematch, found: Changes) -> str:
    at = in_utc(run.done_at) if run.done_at else "not finished"
    return (
        f"Run {run.id} ({found.names[run.person_id]}), {at}: "
        f"{CAUSES[run.cause]} ({run.actor}); "
        f"{run.photos} photos, {run.appearances} appearances compared."
    )


def _table(found: Changes) -> Table:
    shown = table(
        "Changes; candidates need human review",
        *("person", "what", "recording", "from", "to", "#rank", "#distance", "closest photo"),
        "re-review",
    )
    for change in found.changes:
        shown.add_row(
            change.person,
            change.kind,
            change.seen.recording,
            clock(change.seen.start_ms),
            clock(change.seen.end_ms),
            _moved(*(str(place.rank) if place else "" for place in (change.before, change.after))),
            _moved(*(f"{p.distance:.3f}" if p else "" for p in (change.before, change.after))),
            _moved(change.reference_before or "", change.reference_after or ""),
            "yes" if change.look_again else "",
        )
    if not found.changes:
        shown.add_row("nothing changed" if found.rematches else "no comparison yet")
    return shown


def _moved(before: str, after: str) -> str:
    if before == after or not (before and after):
        return before or after
    return f"{before} → {after}"
