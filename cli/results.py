"""`nightreel candidates`, and the tables other commands print too."""

import csv
import sys
from collections.abc import Collection, Sequence
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import actor
from cli.output import err, out, print_json, quantity, table
from cli.overlaps import (
    SAME_AS,
    counted,
    first_moments,
    footage_link,
    links_among,
    print_links,
    remark,
    same_as,
)
from pipeline.clock import utc_now
from pipeline.judging.results import view_candidates
from report.calibration import said_of
from report.sheets import cell, plain
from report.timeline import clock
from storage.cases.cases import find_case
from storage.cases.references import left_out
from storage.database.database import reading
from storage.jobs.listing import footage
from storage.jobs.progress import Outcome, outcomes
from storage.results.calibrations import current
from storage.results.candidates import CandidateRow
from worker.resources import resources

FIELDS = (
    "person", "recording", "start_ms", "end_ms", "best_ms", "distance", "threshold", "rank", "box",
    "reference", "engine", "plan", "cut_by", "imported_at",
)  # fmt: skip


def candidates(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Candidates for everyone a case looks for, closest first."""
    with reading(resources().database) as session:
        analyses = footage(session)
    found = found_for(case, analyses)
    with reading(resources().database) as session:
        without = left_out(session, find_case(session, case).id)
    if as_json:
        print_json(as_document(analyses, found) | {"left_out": without})
    elif as_csv:
        _print_csv(found)
    else:
        print_candidates(found)
        print_links(links_among(analyses))
    for name, number in without.items():
        err.print(
            f"Left out for {name}: {quantity(number, 'appearance')} that the pictures which are "
            "searched with were cut from, so that it would prove nothing."
        )


def found_for(case: str, analyses: Collection[int]) -> list[CandidateRow]:
    """A case's candidates in these analyses, by person and rank. Raises NotAuthorised."""
    return view_candidates(
        case, analyses, actor=actor(), database=resources().database, now=utc_now()
    )


def as_document(analyses: Sequence[int], found: Sequence[CandidateRow]) -> dict[str, object]:
    """What `process --json` and `candidates --json` print."""
    with reading(resources().database) as session:
        looked_at = outcomes(session, analyses)
    return {
        "recordings": [_recording(one) for one in looked_at],
        "same_footage": [footage_link(one) for one in links_among(analyses)],
        "candidates": _rows(found),
    }


def print_candidates(found: Sequence[CandidateRow]) -> None:
    """Candidates, and what their distances mean: measured, or uncalibrated."""
    out.print(_candidate_table(found))
    database = resources().database
    for reference in sorted({one.case for one in found}):
        with reading(database) as session:
            calibrations = current(session, find_case(session, reference).id)
        of_case = [one for one in found if one.case == reference]
        for sentence in said_of(calibrations, of_case):
            out.print(sentence, soft_wrap=True)


def _candidate_table(found: Sequence[CandidateRow]) -> Table:
    """Candidates for people to read."""
    shown = table(
        "Candidates, for a person to judge",
        *("person", "#rank", "recording", "from", "to", "best at", "#distance", "#limit", "remark"),
    )
    firsts = first_moments(found)
    for one, first in zip(found, firsts, strict=True):
        shown.add_row(
            one.person,
            str(one.rank),
            one.recording,
            clock(one.start_ms),
            clock(one.end_ms),
            clock(one.best_ms),
            f"{one.distance:.3f}",
            f"{one.threshold:.2f}",
            remark(f"the same moment as rank {first.rank}" if first else "", one),
        )
    shown.caption = counted(firsts)
    if not found:
        shown.add_row("none at this threshold")
    return shown


def outcome_table(analyses: Sequence[int], refused: Sequence[tuple[str, str]]) -> Table:
    """What was looked at, and what was not."""
    shown = table(
        "What was looked at",
        "recording",
        "state",
        "#length",
        "#watched",
        "#frames",
        "#faces",
        "not looked at",
    )
    with reading(resources().database) as session:
        looked_at = outcomes(session, analyses)
    for one in looked_at:
        gaps = ", ".join(f"{clock(start)} to {clock(end)}" for start, end in one.gaps)
        shown.add_row(
            one.name, one.state.value, clock(one.duration_ms), clock(one.decoded_ms),
            str(one.sampled_frames), str(one.faces), gaps or "nothing",
        )  # fmt: skip
    for name, reason in refused:
        shown.add_row(name, "refused", "", "", "", "", reason)
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


def _rows(found: Sequence[CandidateRow]) -> list[dict[str, object]]:
    return [
        {field: plain(one, field) for field in FIELDS} | same_as(first)
        for one, first in zip(found, first_moments(found), strict=True)
    ]


def _print_csv(found: Sequence[CandidateRow]) -> None:
    rows = csv.writer(sys.stdout)
    rows.writerow((*FIELDS, *SAME_AS))
    rows.writerows([cell(value) for value in row.values()] for row in _rows(found))
