"""`nightreel export`: results for other programs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err
from pipeline.governance.cases import find_case
from pipeline.judging.exports import Wanted, What, exporting
from report.column import Column
from report.columns import APPEARANCE, CANDIDATE, VECTOR
from report.table_files import Format, exported_file, write_rows
from storage.access.audit import Action


def export(
    destination: Annotated[Path, typer.Argument(help="File to write, or an existing folder.")],
    what: Annotated[What, typer.Option(help="What to export.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: by the file's extension, else csv.")
    ] = None,
    case: Annotated[str, typer.Option(help="Reference of the case.")] = "",
    recording: Annotated[
        list[str] | None, typer.Option(help="File name or sha256 of a recording; repeatable.")
    ] = None,
    with_vectors: Annotated[
        bool, typer.Option("--with-vectors", help="Include vectors; needs a case in force.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Export appearances or candidates to a file."""
    form = form or _format_of(destination)
    path = destination / f"{what}.{form}" if destination.is_dir() else destination
    asked = caller()
    case_id = find_case(asked, case, Action.EXPORTED) if case else None
    wanted = Wanted(what, case_id, recording or (), with_vectors)
    with exporting(asked, wanted) as export, exported_file(path, overwrite=force) as file:
        number = write_rows(file, export.rows, _columns(wanted), form)
        export.note(number, form.value)
    err.print(f"{number} {what} exported; only you can read the file.")


def _format_of(destination: Path) -> Format:
    ending = destination.suffix.lower().removeprefix(".")
    known = ending in set(Format) and not destination.is_dir()
    return Format(ending) if known else Format.CSV


def _columns(wanted: Wanted) -> Sequence[Column]:
    if wanted.what is What.CANDIDATES:
        return CANDIDATE
    return (*APPEARANCE, VECTOR) if wanted.with_vectors else APPEARANCE
