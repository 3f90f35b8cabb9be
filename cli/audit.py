"""`nightreel audit verify|checkpoint|export|list|searches`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.actor import caller
from cli.output import err, out, print_json, table
from pipeline.governance import audit
from report.table_files import exported_file
from storage.access.checkpoints import public_half, signing_key
from worker.resources import resources

BROKEN = 1


def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint kept elsewhere; repeatable."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Verify this exported log instead of the database's.")
    ] = None,
    public_key: Annotated[
        str, typer.Option(help="Public key of the signer; default: this home's own key.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Verify the audit log, and name the first bad entry."""
    key = public_key or _public_key()
    given = audit.read_checkpoints(checkpoint or [])
    result = (
        audit.examine_file(export, public_key=key, also=given)
        if export
        else audit.examine(resources().database, public_key=key, also=given)
    )
    if as_json:
        print_json(asdict(result))
    elif result.broken:
        out.print(f"Entry {result.broken.position} is bad. {result.broken.reason}")
    else:
        out.print(f"{result.entries} entries verified; checkpoints they fit: {result.checkpoints}.")
    if result.broken:
        raise typer.Exit(BROKEN)


def checkpoint(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
) -> None:
    """Sign the current end of the audit log; store the file where this machine cannot change it."""
    key = _signing_key()
    made = audit.sign(caller(), key)
    audit.write_checkpoint(output, made)
    err.print(f"{made.count} entries signed with the key {made.public_key}.")


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Export the audit log, one JSON object per line; deploy/audit_verifier.py verifies it."""
    number = 0
    with exported_file(output, overwrite=force) as file:
        for line in audit.exported(caller()):
            file.write(line.encode())
            number += 1
    err.print(f"{number} entries exported; only you can read the file.")


def list_entries(
    after: Annotated[int, typer.Option(min=0, help="Only entries after this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of entries.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the audit log entries, in order."""
    entries = audit.view(caller(), after=after, limit=limit)
    if as_json:
        print_json([json.loads(entry.line) for entry in entries])
        return
    shown = table("", "#entry", "when", "who", "what", "#case", "objects")
    for entry in entries:
        case = "" if entry.case_id is None else str(entry.case_id)
        shown.add_row(str(entry.position), entry.at, entry.actor, entry.action, case, entry.objects)
    out.print(shown)


def searches(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Search activity by user, with unusual increases marked."""
    counts = audit.count_searches(caller())
    if as_json:
        print_json([asdict(count) | {"is_unusual": count.is_unusual} for count in counts])
        return
    shown = table("", "who", "#last 7 days", "#weekly average before", "")
    for count in counts:
        remark = "far more than usual" if count.is_unusual else ""
        shown.add_row(count.actor, str(count.lately), f"{count.usual:.1f}", remark)
    out.print(shown)


def _public_key() -> str:
    return public_half(_signing_key())


def _signing_key() -> Ed25519PrivateKey:
    mine = resources()
    return signing_key(mine.database, mine.settings.effective_audit_key_file)
