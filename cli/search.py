"""`nightreel search`."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import caller
from cli.output import err, out, print_json, table, table_of
from cli.overlaps import counted
from pipeline.governance.cases import find_case
from pipeline.people.search import Answer, Question
from pipeline.people.search import search as look_for
from report.calibration import said
from report.column import plain
from report.columns import HIT
from report.compared import sentence
from report.table_files import write_csv
from report.timeline import clock
from storage.access.audit import Action
from storage.cases.scope import Scope
from storage.results.compared import Compared
from worker.resources import resources

WITH_GAPS = 3
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]


def search(
    photos: Annotated[list[Path], typer.Argument(help="Photos of one person.", readable=False)],
    case: Annotated[str, typer.Option(help="Reference of a case in force.")],
    added_from: Annotated[
        datetime | None,
        typer.Option(
            "--from", formats=MOMENTS, help="Only recordings added from this time on, in UTC."
        ),
    ] = None,
    added_until: Annotated[
        datetime | None,
        typer.Option(
            "--to", formats=MOMENTS, help="Only recordings added before this time, in UTC."
        ),
    ] = None,
    source: Annotated[str, typer.Option(help="Part of the recording's name or path.")] = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="Also search beyond the case's own footage.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=10_000, help="Maximum number of appearances.")
    ] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Search all processed footage with photos of one person; no one is enrolled."""
    asked = caller()
    scope = Scope(source=source, added_from=_utc(added_from), added_until=_utc(added_until))
    question = Question(find_case(asked, case, Action.SEARCHED), scope, everything, limit)
    answer = look_for(asked, photos, question, engine=resources().photo_engine())
    compared = Compared.of_search(answer.reach)
    if as_json:
        print_json(_document(answer, case))
    elif as_csv:
        write_csv(sys.stdout, answer.hits, HIT)
    else:
        out.print(_found_table(answer))
        out.print(sentence(compared), soft_wrap=True, markup=False)
        out.print(said(answer.calibration), soft_wrap=True)
        out.print(_reach_table(answer))
    for photo in answer.portraits:
        if not photo.usable:
            err.print(f"{photo.name}: {photo.verdict}")
    if not (compared.is_complete and all(photo.usable for photo in answer.portraits)):
        raise typer.Exit(WITH_GAPS)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _document(answer: Answer, case: str) -> dict[str, object]:
    return {
        "case": case,
        "engine": answer.card.name,
        "threshold": answer.card.threshold,
        "calibration": said(answer.calibration),
        "photos": [
            {"name": photo.name, "usable": photo.usable, "verdict": photo.verdict}
            for photo in answer.portraits
        ],
        "recordings": [
            {
                "name": group[0].seen.recording,
                "sha256": group[0].seen.recording_sha256,
                "duration_ms": group[0].seen.recording_ms,
                "appearances": [plain(HIT, hit) for hit in group],
            }
            for group in answer.by_recording()
        ],
        "cut_off": answer.cut_off,
        "compared": sentence(Compared.of_search(answer.reach)),
        "searched": asdict(answer.reach.searched) | {"gaps_ms": answer.reach.gaps_ms},
        "not_searched": {
            why.value: asdict(extent) for why, extent in answer.reach.not_searched.items()
        },
    }


def _found_table(answer: Answer) -> Table:
    in_order = [hit for group in answer.by_recording() for hit in group]
    title = "Candidates for human review"
    shown = table_of(title, HIT, in_order, caption=counted(in_order))
    if not answer.hits:
        shown.add_row("none")
    if answer.cut_off:
        shown.add_row("more results; raise --limit")
    return shown


def _reach_table(answer: Answer) -> Table:
    shown = table("Search coverage", "footage", "#recordings", "#length")
    searched = answer.reach.searched
    shown.add_row("searched", str(searched.recordings), clock(searched.duration_ms))
    shown.add_row("gaps in them", "", clock(answer.reach.gaps_ms))
    for why, extent in answer.reach.not_searched.items():
        shown.add_row(f"not searched: {why}", str(extent.recordings), clock(extent.duration_ms))
    return shown
