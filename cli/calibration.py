"""`nightreel calibrate` and `nightreel calibrations`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from cli.actor import caller
from cli.output import err, out, print_json, table
from faces.error_rates import Rate
from pipeline.governance.cases import find_case
from pipeline.people.calibrate import calibrate as measure
from pipeline.people.calibrate import list_calibrations
from pipeline.people.strangers import groups_in, strangers_in
from report.calibration import said
from storage.access.audit import Action
from storage.results.calibrations import Calibration
from worker.resources import resources

WITH_GAPS = 3


def calibrate(
    folder: Annotated[
        Path, typer.Argument(help="One photo per person, or one folder of photos per person.")
    ],
    case: Annotated[str, typer.Option(help="Reference of a case in force.")],
    groups: Annotated[
        Path | None,
        typer.Option(help="CSV with the columns person and group; rates are also given per group."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="All the case covers, not only its own footage.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure false candidates: search a case's footage for people who are not in it."""
    strangers = strangers_in(folder, groups_in(groups) if groups else None)
    engine, asked = resources().photo_engine(), caller()
    case_id = find_case(asked, case, Action.CALIBRATED)
    done = measure(asked, case_id, strangers, engine=engine, everything=everything)
    _show([done.calibration], as_json=as_json)
    for photo in done.unusable:
        err.print(f"{photo.name}: {photo.verdict}")
    if done.unusable:
        raise typer.Exit(WITH_GAPS)


def calibrations(
    case: Annotated[str, typer.Option(help="Reference of the case.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the calibrations of a case, newest first."""
    asked = caller()
    made = list_calibrations(asked, find_case(asked, case, Action.CASE_VIEWED))
    _show(made, as_json=as_json)


def _show(made: Sequence[Calibration], *, as_json: bool) -> None:
    if as_json:
        print_json([_document(one) for one in made])
        return
    for one in made:
        out.print(said(one), soft_wrap=True)
        out.print(_rates(one))
    if not made:
        out.print(said(None))


def _rates(made: Calibration) -> Table:
    shown = table(
        "", "", "#threshold", "#searches", "#with a candidate", "share", "95 %", "#false candidates"
    )
    for one in made.curve:
        shown.add_row("in use" if one.threshold == made.rate.threshold else "", *_cells(one))
    for name, one in made.groups.items():
        shown.add_row(name, *_cells(one))
    return shown


def _cells(rate: Rate) -> tuple[str, ...]:
    low, high = rate.interval
    return (
        f"{rate.threshold:.3f}",
        str(rate.searches),
        str(rate.with_any),
        f"{rate.share:.1%}",
        f"{low:.1%} to {high:.1%}",
        str(rate.false_candidates),
    )


def _document(made: Calibration) -> dict[str, object]:
    return {
        "made_at": made.made_at.isoformat(),
        **asdict(made.conditions),
        "appearances": made.appearances,
        "photos_sha256": made.photos_sha256,
        "rate": _rate(made.rate),
        "curve": [_rate(one) for one in made.curve],
        "groups": {name: _rate(one) for name, one in made.groups.items()},
    }


def _rate(rate: Rate) -> dict[str, object]:
    low, high = rate.interval
    return asdict(rate) | {
        "share": round(rate.share, 4),
        "interval": [round(low, 4), round(high, 4)],
        "in_a_thousand": round(rate.in_a_thousand, 1),
    }
