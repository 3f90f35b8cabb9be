"""`nightreel candidates`, and the tables other commands print too."""

import sys
from collections.abc import Collection, Sequence
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import actor
from cli.output import err, out, print_json, quantity, table, table_of
from cli.overlaps import counted, footage_link, links_among, print_links
from pipeline.clock import utc_now
from pipeline.judging.listed import Listed
from pipeline.judging.results import view_candidates
from report.calibration import said_of
from report.column import plain
from report.columns import CANDIDATE
from report.sheets import write_csv
from report.timeline import clock
from storage.cases.cases import find_case
from storage.cases.references import left_out
from storage.database.database import reading
from storage.jobs.listing import footage
from storage.jobs.progress import Outcome, outcomes
from storage.results.calibrations import current
from worker.resources import resources


def candidates(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the candidates for a case's persons of interest, closest first."""
    with reading(resources().database) as session:
        analyses = footage(session)
    found = found_for(case, analyses)
    with reading(resources().database) as session:
        without = left_out(session, find_case(session, case).id)
    if as_json:
        print_json(as_document(analyses, found) | {"left_out": without})
    elif as_csv:
        write_csv(sys.stdout, found, CANDIDATE)
    else:
        print_candidates(found)
        print_links(links_among(analyses))
    for name, number in without.items():
        err.print(
            f"Excluded for {name}: {quantity(number, 'appearance')} from which its reference "
            "photos were cut."
        )


def found_for(case: str, analyses: Collection[int]) -> list[Listed]:
    """A case's candidates in these analyses, by person and rank. Raises NotAuthorised."""
    return view_candidates(
        case, analyses, actor=actor(), database=resources().database, now=utc_now()
    )


def as_document(analyses: Sequence[int], found: Sequence[Listed]) -> dict[str, object]:
    """What `process --json` and `candidates --json` print."""
    with reading(resources().database) as session:
        looked_at = outcomes(session, analyses)
    return {
        "recordings": [_recording(one) for one in looked_at],
        "same_footage": [footage_link(one) for one in links_among(analyses)],
        "candidates": [plain(CANDIDATE, one) for one in found],
    }


def print_candidates(found: Sequence[Listed]) -> None:
    """Candidates, and what their distances mean: measured, or uncalibrated."""
    out.print(_candidate_table(found))
    database = resources().database
    rows = [one.row for one in found]
    for reference in sorted({one.case for one in rows}):
        with reading(database) as session:
            calibrations = current(session, find_case(session, reference).id)
        of_case = [one for one in rows if one.case == reference]
        for sentence in said_of(calibrations, of_case):
            out.print(sentence, soft_wrap=True)


def _candidate_table(found: Sequence[Listed]) -> Table:
    """Candidates for people to read."""
    title = "Candidates for human review"
    shown = table_of(title, CANDIDATE, found, caption=counted(found))
    if not found:
        shown.add_row("none within the threshold")
    return shown


def outcome_table(analyses: Sequence[int], refused: Sequence[tuple[str, str]]) -> Table:
    """What was analysed, and what was not."""
    shown = table(
        "Footage and coverage",
        "recording",
        "state",
        "#length",
        "#processed",
        "#frames",
        "#faces",
        "not analysed",
    )
    with reading(resources().database) as session:
        looked_at = outcomes(session, analyses)
    for one in looked_at:
        gaps = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in one.gaps)
        shown.add_row(
            one.name, one.state.value, clock(one.duration_ms), clock(one.decoded_ms),
            str(one.sampled_frames), str(one.faces), gaps or "none",
        )  # fmt: skip
    for name, reason in refused:
        shown.add_row(name, "rejected", "", "", "", "", reason)
    return shown


def _recording(one: Outcome) -> dict[str, object]:
    return {
        "name": one.name,
        "sha256": one.sha256,
        "duration_ms": one.duration_ms,
        "state": one.state.value,
        "cut_by": one.cut_by,
        "coverage": {
            "decoded_ms": one.decoded_ms,
            "sampled_frames": one.sampled_frames,
            "faces": one.faces,
            "appearances": one.appearances,
            "gaps": one.gaps,
        },
    }
