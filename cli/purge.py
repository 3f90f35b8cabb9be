"""`nightreel purge`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err, out, print_json, table
from errors import WrongUsage
from pipeline.governance.cases import find_case
from pipeline.governance.certificates import as_document, keep
from pipeline.governance.purge import (
    Certificate,
    purge_case,
    purge_due,
    purge_person,
    purge_recordings,
)
from pipeline.people.withdraw import person_called
from pipeline.planning.jobs import find_recordings
from storage.access.audit import Action
from worker.resources import resources


def purge(
    case: Annotated[str, typer.Option(help="A case that has ended, with all its data.")] = "",
    person: Annotated[str, typer.Option(help="Only this person of the case.")] = "",
    recording: Annotated[
        str, typer.Option(help="Name or sha256 of a recording, with its results.")
    ] = "",
    due: Annotated[
        bool, typer.Option("--due", help="Everything past its retention period.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Also write the certificate here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Purge data permanently, check for remnants and print a certificate."""
    if bool(case) + bool(recording) + due != 1 or (person and not case):
        raise WrongUsage("Give one of --case, --recording and --due; --person goes with --case.")
    if not yes and not typer.confirm("Purged data cannot be restored. Continue?", err=True):
        raise typer.Exit(1)
    certificates = _purged(case, person, recording)
    for certificate in certificates:
        err.print(f"Certificate: {keep(certificate, resources().certificates_folder)}")
        if output:
            keep(certificate, output)
    if as_json:
        print_json([as_document(certificate) for certificate in certificates])
    else:
        _print(certificates)
    if not all(certificate.is_proven for certificate in certificates):
        raise typer.Exit(1)


def _purged(case: str, person: str, recording: str) -> list[Certificate]:
    mine, asked = resources(), caller()
    context, folders = mine.purging_context, [mine.settings.home_folder]
    if recording:
        recordings = find_recordings(mine.database, recording)
        return [purge_recordings(asked, recordings, context, folders)]
    if not case:
        return purge_due(asked, mine.retention, context, folders)
    case_id = find_case(asked, case, Action.PURGED)
    if not person:
        return [purge_case(asked, case_id, context, folders)]
    return [purge_person(asked, person_called(asked, case_id, person), context, folders)]


def _print(certificates: list[Certificate]) -> None:
    if not certificates:
        out.print("Nothing is due for purging.")
    for certificate in certificates:
        shown = table(f"Purged: {certificate.what}", "kind", "#number")
        for kind, number in [*sorted(certificate.rows.items()), *_files(certificate)]:
            shown.add_row(kind.replace("_", " "), str(number))
        out.print(shown)
        proof = certificate.proof
        out.print(
            f"Checked {proof.files} files for {proof.patterns} patterns of it "
            f"({proof.bytes:,} bytes): {_found(certificate)}"
        )
        out.print(f"Entry {certificate.entry} of the audit log. Not purged:")
        for sentence in certificate.left:
            out.print(f"- {sentence}")


def _files(certificate: Certificate) -> list[tuple[str, int]]:
    return [("picture", certificate.pictures), ("footage file", certificate.footage_files)]


def _found(certificate: Certificate) -> str:
    proof = certificate.proof
    places = ", ".join(map(str, proof.found_in))
    unreadable = f"{proof.unreadable} files could not be read. " if proof.unreadable else ""
    return f"{unreadable}REMNANTS in {places}" if places else f"{unreadable}no remnant found."
