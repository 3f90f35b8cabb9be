"""`nightreel case open|list`."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated

import typer

from cli.output import err, out, print_json, table
from pipeline.clock import utc_now
from storage import cases
from storage.database import reading, writing
from worker.resources import resources

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("open")
def open_case(
    reference: Annotated[str, typer.Argument(help="The case's reference, e.g. 2026-117.")],
    legal_basis: Annotated[str, typer.Option(help="What allows the search.")],
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    authorised_by: Annotated[str, typer.Option(help="Who authorised it.")],
    days: Annotated[int, typer.Option(min=1, max=365, help="Days until it expires.")] = 30,
    allow_grouping: Annotated[
        bool, typer.Option("--allow-grouping", help="Unknown faces may be grouped.")
    ] = False,
) -> None:
    """Open a case: nobody is searched for without one."""
    now = utc_now()
    with writing(resources().database) as session:
        cases.open_case(
            session,
            reference=reference,
            legal_basis=legal_basis,
            purpose=purpose,
            authorised_by=authorised_by,
            expires_at=now + timedelta(days=days),
            now=now,
            allows_grouping=allow_grouping,
        )
    err.print(f"Case {reference} is open for {days} days.")


@app.command("list")
def list_cases(as_json: AsJson = False) -> None:
    """Every case, the newest first."""
    now = utc_now()
    with reading(resources().database) as session:
        found = cases.list_cases(session)
    if as_json:
        print_json([_as_dict(one, now) for one in found])
        return
    shown = table("", "reference", "in force", "expires", "legal basis", "purpose", "authorised by")
    for one in found:
        shown.add_row(
            one.reference,
            "yes" if one.is_in_force(now) else "no",
            f"{one.expires_at:%Y-%m-%d %H:%M} UTC",
            one.legal_basis,
            one.purpose,
            one.authorised_by,
        )
    out.print(shown)


def _as_dict(case: cases.Case, now: datetime) -> dict[str, object]:
    times = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(case).items()
    }
    return times | {"in_force": case.is_in_force(now)}
