"""`nightreel report`, and how other commands write one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err
from cli.results import end_with
from pipeline.governance.cases import find_case
from pipeline.planning.jobs import jobs_of_engine
from report.gather import gather
from report.report import render
from storage.access.audit import Action
from storage.results.compared import Compared
from worker.resources import resources


def report(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
) -> None:
    """Write the case report: one self-contained HTML page."""
    mine, asked = resources(), caller()
    case_id = find_case(asked, case, Action.REPORT_WRITTEN)
    seen = jobs_of_engine(mine.database, mine.plan.key, mine.engine)
    path, compared = write_report(output, case_id, seen)
    err.print(f"Report: {path}")
    raise typer.Exit(end_with(compared))


def write_report(
    folder: Path, case_id: int, analyses: Sequence[int], refused: Sequence[tuple[str, str]] = ()
) -> tuple[Path, tuple[Compared, ...]]:
    """Write `report.html` into a folder, for its owner alone; returns its path, and what each
    person was compared with."""
    mine = resources()
    engine = mine.face_engine(mine.plan.engine, mine.plan.min_face_px)
    page = gather(
        caller(),
        case_id,
        analyses,
        refused=refused,
        plan=mine.plan,
        engine=engine,
        media=mine.media,
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / "report.html"
    path.write_text(render(page), encoding="utf-8")
    path.chmod(0o600)
    return path, tuple(person.compared for person in page.persons)
