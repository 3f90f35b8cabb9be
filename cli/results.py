"""`nightreel candidates`, and the tables other commands print too."""

import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import caller
from cli.output import err, out, print_json, quantity, table, table_of
from cli.overlaps import counted, footage_link, print_links
from pipeline.governance.cases import find_case
from pipeline.judging.listed import Listed
from pipeline.judging.results import Found, view_candidates
from pipeline.planning.jobs import outcomes_of, same_footage_among
from report.calibration import said_of
from report.column import plain
from report.columns import CANDIDATE
from report.compared import sentence, sentences
from report.table_files import write_csv
from report.timeline import clock
from storage.access.audit import Action
from storage.jobs.progress import Outcome
from storage.results.compared import Compared
from worker.resources import resources

DONE, LEFT_OUT = 0, 3


def candidates(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """List the candidates for a case's persons of interest, closest first."""
    asked = caller()
    found = view_candidates(asked, find_case(asked, case, Action.CANDIDATES_VIEWED))
    if as_json:
        print_json(as_document(found) | {"left_out": dict(found.left_out)})
    elif as_csv:
        write_csv(sys.stdout, found.candidates, CANDIDATE)
    else:
        print_candidates(found)
        print_links(same_footage_among(resources().database, found.analyses))
    for name, number in found.left_out.items():
        err.print(
            f"Excluded for {name}: {quantity(number, 'appearance')} from which its reference "
            "photos were cut."
        )
    raise typer.Exit(end_with(found.compared))


def as_document(found: Found) -> dict[str, object]:
    """The document that `process --json` and `candidates --json` print."""
    database, analyses = resources().database, found.analyses
    return {
        "recordings": [_recording(each) for each in outcomes_of(database, analyses)],
        "same_footage": [footage_link(each) for each in same_footage_among(database, analyses)],
        "candidates": [plain(CANDIDATE, each) for each in found.candidates],
        "compared": [comparison(each) for each in found.compared],
    }


def comparison(answer: Compared) -> dict[str, object]:
    """What a person was compared with, in words and numbers."""
    return {
        "person": answer.person,
        "sentence": sentence(answer),
        "complete": answer.is_complete,
        "compared": asdict(answer.compared),
        "of": asdict(answer.of),
        "left_out": {why.value: asdict(extent) for why, extent in answer.left_out.items()},
    }


def end_with(answers: Sequence[Compared]) -> int:
    """The exit code: 3 if something was left out of a comparison."""
    return DONE if all(answer.is_complete for answer in answers) else LEFT_OUT


def print_candidates(found: Found) -> None:
    """Print candidates, and what their distances mean: measured, or uncalibrated."""
    out.print(_candidate_table(found.candidates))
    for said in sentences(found.compared):
        out.print(said, soft_wrap=True, markup=False)
    if found.candidates:
        for sentence in said_of(found.calibrations, [one.row for one in found.candidates]):
            out.print(sentence, soft_wrap=True)


def _candidate_table(found: Sequence[Listed]) -> Table:
    """The table of candidates."""
    title = "Candidates for human review"
    shown = table_of(title, CANDIDATE, found, caption=counted(found))
    if not found:
        shown.add_row("none")
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
    for one in outcomes_of(resources().database, analyses):
        gaps = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in one.gaps)
        shown.add_row(
            one.name, one.state.value, clock(one.duration_ms), clock(one.decoded_ms),
            str(one.sampled_frames), str(one.faces), gaps or "none",
        )  # fmt: skip
    for name, reason in refused:
        shown.add_row(name, "rejected", "", "", "", "", reason)
    return shown


def _recording(outcome: Outcome) -> dict[str, object]:
    return {
        "name": outcome.name,
        "sha256": outcome.sha256,
        "duration_ms": outcome.duration_ms,
        "state": outcome.state.value,
        "cut_by": outcome.cut_by,
        "coverage": {
            "decoded_ms": outcome.decoded_ms,
            "sampled_frames": outcome.sampled_frames,
            "faces": outcome.faces,
            "appearances": outcome.appearances,
            "gaps": outcome.gaps,
        },
    }
