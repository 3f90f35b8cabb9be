"""`nightreel audit verify|checkpoint|export|list|searches`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from cli.actor import actor
from cli.output import err, out, print_json, table
from pipeline.clock import utc_now
from pipeline.governance import audit
from report.sheets import whole_file
from storage.access.checkpoints import public_half, signing_key
from worker.resources import resources

BROKEN = 1


def verify(
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint that was kept elsewhere; may be given again."),
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="An exported log, in place of the database's.")
    ] = None,
    public_key: Annotated[str, typer.Option(help="Who signed; else this home's own key.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whether the audit log is whole, or which entry is the first that is not."""
    key = public_key or _public_key()
    given = audit.read_checkpoints(checkpoint or [])
    found = (
        audit.examine_file(export, public_key=key, also=given)
        if export
        else audit.examine(resources().database, public_key=key, also=given)
    )
    if as_json:
        print_json(asdict(found))
    elif found.broken:
        out.print(f"Entry {found.broken.position} is bad. {found.broken.reason}")
    else:
        out.print(f"{found.entries} entries are whole; checkpoints they fit: {found.checkpoints}.")
    if found.broken:
        raise typer.Exit(BROKEN)


def checkpoint(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
) -> None:
    """Sign how far the audit log has come; keep the file where this machine cannot change it."""
    key = _signing_key()
    made = audit.sign(resources().database, key, utc_now())
    audit.write_checkpoint(output, made)
    err.print(f"{made.count} entries are signed with the key {made.public_key}.")


def export(
    output: Annotated[Path, typer.Option("-o", "--output", help="File to write.")],
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write the audit log, a JSON object a line; deploy/audit_verifier.py checks it."""
    number = 0
    with whole_file(output, overwrite=force) as file:
        for line in audit.exported(resources().database, actor=actor(), now=utc_now()):
            file.write(line.encode())
            number += 1
    err.print(f"{number} entries were written; only you can read the file.")


def list_entries(
    after: Annotated[int, typer.Option(min=0, help="Only entries behind this one.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="The most entries.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Who did what, in order."""
    found = audit.view(resources().database, actor=actor(), now=utc_now(), after=after, limit=limit)
    if as_json:
        print_json([json.loads(one.line) for one in found])
        return
    shown = table("", "#entry", "when", "who", "what", "#case", "objects")
    for one in found:
        case = "" if one.case_id is None else str(one.case_id)
        shown.add_row(str(one.position), one.at, one.actor, one.action, case, one.objects)
    out.print(shown)


def searches(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Who searched how often, and whether that is far more than usual."""
    found = audit.count_searches(resources().database, actor=actor(), now=utc_now())
    if as_json:
        print_json([asdict(one) | {"is_unusual": one.is_unusual} for one in found])
        return
    shown = table("", "who", "#in seven days", "#a week before that", "")
    for one in found:
        remark = "far more than usual" if one.is_unusual else ""
        shown.add_row(one.actor, str(one.lately), f"{one.usual:.1f}", remark)
    out.print(shown)


def _public_key() -> str:
    return public_half(_signing_key())


def _signing_key() -> Ed25519PrivateKey:
    mine = resources()
    return signing_key(mine.database, mine.settings.effective_audit_key_file)
