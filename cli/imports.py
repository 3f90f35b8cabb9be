"""`nightreel import`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.footage import DONE, FAILED, WITH_GAPS, check_engine
from cli.output import err, out, print_json, quantity
from cli.output import table as printed_table
from cli.progress import count_bar, wait_for
from errors import BrokerUnavailable
from pipeline.governance.cases import find_case
from pipeline.intake.imports import Imported, import_faces
from storage.access.audit import Action
from tasks.analyses import ask_for_matching
from worker.resources import resources


def import_(
    folder: Annotated[Path, typer.Argument(help="Folder of the pictures, one face each.")],
    table: Annotated[Path, typer.Argument(help="CSV or JSON Lines: one line per picture.")],
    case: Annotated[str, typer.Option(help="Reference of the case they are for.")],
    cut_by: Annotated[str, typer.Option(help="Who or what cut them; shown with each face.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until they are compared.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Import faces that other software cut from recordings."""
    mine, asked = resources(), caller()
    check_engine()
    case_id = find_case(asked, case, Action.IMPORTED)
    with count_bar("Reading faces") as progress:
        done = import_faces(
            asked,
            case_id,
            table,
            folder,
            cut_by=cut_by,
            engine=mine.engine,
            context=mine.context,
            progress=progress,
        )
    _ask_for(done)
    if wait:
        wait_for(done.analyses)
    if as_json:
        print_json(asdict(done))
    else:
        _print(done)
    raise typer.Exit(_exit_code(done))


def _ask_for(done: Imported) -> None:
    try:
        ask_for_matching(done.analyses)
    except BrokerUnavailable:
        err.print("No workers are running; the faces are queued until `nightreel up` runs.")


def _print(done: Imported) -> None:
    if done.refused:
        shown = printed_table("Not imported", "#line", "file", "reason")
        for one in done.refused:
            shown.add_row(str(one.number), one.file, one.reason)
        out.print(shown)
    err.print(
        f"Imported: {quantity(done.appearances, 'face')} of "
        f"{quantity(len(done.analyses), 'recording')}; already imported: {done.known}; "
        f"rejected: {len(done.refused)}. Their footage was not analysed."
    )


def _exit_code(done: Imported) -> int:
    if not done.refused:
        return DONE
    return WITH_GAPS if done.appearances or done.known else FAILED
