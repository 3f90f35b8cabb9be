"""`nightreel verify`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.output import out, print_json
from report.package import verify as look_at


def verify(
    package: Annotated[Path, typer.Argument(help="An exported package.", readable=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify that an exported package is unchanged; needs no database or settings."""
    outcome = look_at(package)
    if as_json:
        print_json(asdict(outcome))
    else:
        out.print(
            f"Unchanged: {outcome.files} files of case {outcome.case}, made {outcome.made_at}.\n"
            f"sha256 {outcome.sha256}\n"
            "Compare the hash with the entry `exported` in the audit log of the exporting system.",
            soft_wrap=True,
        )
