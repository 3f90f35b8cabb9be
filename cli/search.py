"""`nightreel search`."""

import csv
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import actor
from cli.output import err, out, print_json, table
from cli.overlaps import SAME_AS, counted, first_moments, remark, same_as
from pipeline.clock import utc_now
from pipeline.people.search import Answer, Question
from pipeline.people.search import search as look_for
from report.calibration import said
from report.sheets import cell, plain
from report.timeline import clock
from storage.cases.scope import Scope
from storage.results.search import Hit
from worker.resources import resources

WITH_GAPS = 3
FIELDS = (
    "recording", "recording_sha256", "start_ms", "end_ms", "best_ms", "distance", "threshold",
    "box", "faces", "quality", "photo", "crops", "engine", "plan",
    "cut_by", "imported_at",
)  # fmt: skip
MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]


def search(
    photos: Annotated[list[Path], typer.Argument(help="Photos of one person.", readable=False)],
    case: Annotated[str, typer.Option(help="Reference of a case in force.")],
    added_from: Annotated[
        datetime | None,
        typer.Option("--from", formats=MOMENTS, help="Only recordings added since then, in UTC."),
    ] = None,
    added_until: Annotated[
        datetime | None,
        typer.Option("--to", formats=MOMENTS, help="Only recordings added before then, in UTC."),
    ] = None,
    source: Annotated[str, typer.Option(help="A part of the recording's name or path.")] = "",
    everything: Annotated[
        bool, typer.Option("--everything", help="Beyond the case's own footage too.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The most appearances.")] = 100,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
) -> None:
    """Look for one person in everything that was processed; nothing is enrolled or decoded."""
    mine = resources()
    scope = Scope(source=source, added_from=_utc(added_from), added_until=_utc(added_until))
    question = Question(case, scope, everything, limit)
    engine = mine.photo_engine()
    answer = look_for(
        photos, question, engine=engine, database=mine.database, actor=actor(), now=utc_now()
    )
    if as_json:
        print_json(_document(answer, case))
    elif as_csv:
        _print_csv(answer)
    else:
        out.print(_found_table(answer))
        out.print(said(answer.calibration), soft_wrap=True)
        out.print(_reach_table(answer))
    for one in answer.portraits:
        if not one.usable:
            err.print(f"{one.name}: {one.verdict}")
    if not all(one.usable for one in answer.portraits):
        raise typer.Exit(WITH_GAPS)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _document(answer: Answer, case: str) -> dict[str, object]:
    firsts = dict(zip(answer.hits, first_moments(answer.hits), strict=True))
    return {
        "case": case,
        "engine": answer.card.name,
        "threshold": answer.card.threshold,
        "calibration": said(answer.calibration),
        "photos": [
            {"name": one.name, "usable": one.usable, "verdict": one.verdict}
            for one in answer.portraits
        ],
        "recordings": [
            {
                "name": group[0].recording,
                "sha256": group[0].recording_sha256,
                "duration_ms": group[0].duration_ms,
                "appearances": [_appearance(hit, answer) | same_as(firsts[hit]) for hit in group],
            }
            for group in answer.by_recording()
        ],
        "cut_off": answer.cut_off,
        "searched": asdict(answer.reach.searched) | {"gaps_ms": answer.reach.gaps_ms},
        "not_searched": {
            why.value: asdict(extent) for why, extent in answer.reach.not_searched.items()
        },
    }


def _appearance(hit: Hit, answer: Answer) -> dict[str, object]:
    row = _row(hit, answer)
    return {name: row[name] for name in FIELDS if not name.startswith("recording")}


def _row(hit: Hit, answer: Answer) -> dict[str, object]:
    return asdict(hit) | {
        "distance": round(hit.distance, 4),
        "quality": round(hit.quality, 4),
        "threshold": answer.card.threshold,
        "box": plain(hit, "box"),
        "photo": answer.portraits[hit.photo].name,
        "crops": list(hit.crops),
        "imported_at": hit.imported_at and hit.imported_at.isoformat(),
        "engine": answer.card.name,
    }


def _print_csv(answer: Answer) -> None:
    rows = csv.writer(sys.stdout)
    fields = (*FIELDS, *SAME_AS)
    rows.writerow(fields)
    for hit, first in zip(answer.hits, first_moments(answer.hits), strict=True):
        row = _row(hit, answer) | {"crops": " ".join(hit.crops)} | same_as(first)
        rows.writerow(cell(row[name]) for name in fields)


def _found_table(answer: Answer) -> Table:
    shown = table(
        "Candidates, for a person to judge",
        *("recording", "from", "to", "best at", "#distance", "#limit", "closest photo", "remark"),
    )
    firsts = dict(zip(answer.hits, first_moments(answer.hits), strict=True))
    for group in answer.by_recording():
        for hit in group:
            shown.add_row(
                hit.recording if hit is group[0] else "",
                *(clock(time_ms) for time_ms in (hit.start_ms, hit.end_ms, hit.best_ms)),
                f"{hit.distance:.3f}",
                f"{answer.card.threshold:.2f}",
                answer.portraits[hit.photo].name,
                remark(_same_moment(firsts[hit]), hit),
            )
    shown.caption = counted(list(firsts.values()))
    if not answer.hits:
        shown.add_row("none at this threshold")
    if answer.cut_off:
        shown.add_row("and more; raise --limit")
    return shown


def _same_moment(first: Hit | None) -> str:
    if first is None:
        return ""
    return f"the same moment as in {first.recording} at {clock(first.start_ms)}"


def _reach_table(answer: Answer) -> Table:
    shown = table("What was searched, and what was not", "footage", "#recordings", "#length")
    searched = answer.reach.searched
    shown.add_row("searched", str(searched.recordings), clock(searched.duration_ms))
    shown.add_row("gaps in it", "", clock(answer.reach.gaps_ms))
    for why, extent in answer.reach.not_searched.items():
        shown.add_row(f"not searched: {why}", str(extent.recordings), clock(extent.duration_ms))
    return shown
