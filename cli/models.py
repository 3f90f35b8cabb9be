"""`nightreel models list|pull|index`."""

from pathlib import Path
from typing import Annotated

import typer

from cli.output import err, out, print_json, table
from faces import models
from storage.vectors.pgvector import build_index
from worker.resources import resources


def list_models(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List engines, recognisers and detectors: dimension, threshold, licence, missing parts."""
    engines = models.installed(resources().weights_folder)
    if as_json:
        print_json([_as_dict(engine) for engine in engines])
        return
    shown = table(
        "", "name", "kind", "#dim", "distance", "#threshold", "commercial", "present", "licence"
    )
    for engine in engines:
        shown.add_row(
            engine.name,
            engine.kind,
            str(engine.dimension or ""),
            engine.distance or "",
            f"{engine.threshold:.3f}" if engine.threshold else "",
            "yes" if engine.commercial_use else "no",
            _presence(engine),
            engine.licence,
        )
    out.print(shown)


def pull(
    name: Annotated[
        str, typer.Argument(help="A recogniser, a detector, or deepface:MODEL+DETECTOR.")
    ],
    source: Annotated[
        Path | None, typer.Option("--from", help="File or folder to copy them from.")
    ] = None,
) -> None:
    """Install weights from a file or the network, and pin their sha256."""
    mine = resources()
    mine.make_home()
    for path in models.pull(name, mine.weights_folder, source):
        err.print(f"Present: {path}")


def index() -> None:
    """Build a pgvector index over the engine's vectors (PostgreSQL only)."""
    mine = resources()
    is_new = build_index(mine.database, mine.photo_engine().card)
    err.print("Index built." if is_new else "The index exists already.")


def _presence(one: models.Listed) -> str:
    if one.present:
        return "yes"
    return f"needs {one.needs_package}" if one.needs_package else "no"


def _as_dict(one: models.Listed) -> dict[str, object]:
    return {
        "name": one.name,
        "kind": one.kind,
        "dimension": one.dimension,
        "distance": one.distance,
        "threshold": one.threshold,
        "licence": one.licence,
        "commercial_use": one.commercial_use,
        "weights": one.weights,
        "missing": one.missing,
        "needs_package": one.needs_package,
        "present": one.present,
    }
