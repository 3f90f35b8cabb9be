"""`nightreel verify`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from cli.output import out, print_json
from report.package import verify as look_at


def verify(
    package: Annotated[Path, typer.Argument(help="A package that was exported.", readable=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether a package of results is as it was made; needs no database and no settings."""
    found = look_at(package)
    if as_json:
        print_json(asdict(found))
    else:
        out.print(
            f"Unchanged: {found.files} files of case {found.case}, made {found.made_at}.\n"
            f"sha256 {found.sha256}\n"
            "The audit log of whoever made it has this hash in its entry `exported`.",
            soft_wrap=True,
        )
