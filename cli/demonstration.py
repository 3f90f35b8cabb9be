"""`nightreel demo`."""

import os
import shutil
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.footage import ask_for_new, at_once, take_in
from cli.output import err, out, table
from cli.people import enrol_for
from cli.process import ad_hoc_case
from cli.progress import wait_for
from cli.report import write_report
from cli.results import print_candidates
from cli.services import Services
from demo import film
from demo.portraits import FOLDER
from errors import WrongUsage
from pipeline.judging.results import view_candidates
from report.timeline import clock
from storage.cases.legal_bases import DEMONSTRATION
from storage.results.seen import Seen
from tasks.people import ask_for_people

ENROLLED = "astronaut"
MARKER = "made-by-nightreel-demo"


def demo(
    folder: Annotated[Path, typer.Option(help="Working folder; recreated each time.")] = Path(
        "nightreel-demo"
    ),
) -> None:
    """Generate a minute of footage, search it for one of two people, and check the results."""
    _recreate(folder)
    os.environ.pop("NIGHTREEL_LEGAL_BASES", None)  # a demonstration is not bound to this list
    os.environ["NIGHTREEL_HOME"] = str(folder / "home")
    footage = folder / "film.mp4"
    with Services() as services:
        err.print("Generating a minute of footage with two people ...")
        film.write(footage)
        case_id = ad_hoc_case(DEMONSTRATION)
        enrolled = enrol_for(case_id, ENROLLED, [FOLDER / f"{ENROLLED}.jpg"])
        ask_for_people([enrolled.person_id])
        intake = take_in([footage], at_once(case_id))
        ask_for_new()
        wait_for(
            intake.analyses,
            people=[enrolled.person_id],
            meanwhile=services.keep,
        )
    found = view_candidates(caller(), case_id, intake.analyses)
    print_candidates(found)
    page, _ = write_report(folder / "report", case_id, intake.analyses, intake.refused)
    right = _compare_with_truth([listed.row.seen for listed in found.candidates])
    out.print(f"Report: {page.absolute()}")
    if not right:
        raise typer.Exit(1)


def _recreate(folder: Path) -> None:
    if folder.exists():
        if not (folder / MARKER).exists():
            raise WrongUsage(f"{folder} was not made by the demo; choose another with --folder.")
        shutil.rmtree(folder)
    folder.mkdir(mode=0o700, parents=True)
    (folder / MARKER).touch()


def _compare_with_truth(found: list[Seen]) -> bool:
    """Print expected and found appearances side by side; true if they agree."""
    planted = [truth for truth in film.planted() if truth.person == ENROLLED]
    others = [truth for truth in film.planted() if truth.person != ENROLLED]
    shown = table("Expected and found", "planted", "from", "to", "found from", "to", "")
    missed = 0
    for truth in planted:
        hits = [seen for seen in found if _is_of(truth, seen)]
        missed += not hits
        shown.add_row(
            truth.person,
            clock(truth.start_ms),
            clock(truth.end_ms),
            ", ".join(clock(seen.start_ms) for seen in hits),
            ", ".join(clock(seen.end_ms) for seen in hits),
            "found" if hits else "MISSED",
        )
    false = [seen for seen in found if not any(_is_of(truth, seen) for truth in planted)]
    for truth in others:
        taken = any(_is_of(truth, seen) for seen in false)
        shown.add_row(
            truth.person,
            clock(truth.start_ms),
            clock(truth.end_ms),
            "",
            "",
            "WRONG: a candidate" if taken else "correct: no candidate",
        )
    out.print(shown)
    out.print(
        f"{len(planted) - missed} of {len(planted)} planted appearances of {ENROLLED} found; "
        f"{len(false)} false candidates."
    )
    return not missed and not false


def _is_of(truth: film.Planted, seen: Seen) -> bool:
    x, y, width, height = seen.box
    return truth.shows(seen.best_ms, x + width / 2, y + height / 2)
