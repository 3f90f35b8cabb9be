"""`nightreel export`: results for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err
from errors import WrongUsage
from pipeline.analysis.overlaps import earlier_stretch, moment_of
from pipeline.clock import utc_now
from pipeline.judging.listed import each_listed
from pipeline.judging.results import exporting
from report.column import Column
from report.columns import APPEARANCE, CANDIDATE, VECTOR, Exported
from report.sheets import Format, whole_file, write_rows
from storage.cases.cases import find_case, id_of_case
from storage.database.database import Session, reading
from storage.jobs.overlaps import SameFootage, same_footage
from storage.results.exports import (
    AppearanceRow,
    each_appearance,
    each_candidate,
    recordings_among,
    recordings_called,
)
from worker.resources import resources


class What(StrEnum):
    """What can be taken elsewhere."""

    APPEARANCES = "appearances"
    CANDIDATES = "candidates"


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
    database, now = resources().database, utc_now()
    _check(what, case, with_vectors)
    allowed = exporting(case, with_vectors=with_vectors, actor=actor(), database=database, now=now)
    with allowed as act, reading(database) as session:
        rows, columns = _wanted(session, what, case, _ids(session, recording), with_vectors)
        with whole_file(path, overwrite=force) as file:
            number = write_rows(file, rows, columns, form)
            taken = {"what": what.value, "form": form.value, "with_vectors": with_vectors}
            act.note(id_of_case(session, case), rows=number, **taken)
    err.print(f"{number} {what} exported; only you can read the file.")


def _format_of(destination: Path) -> Format:
    ending = destination.suffix.lower().removeprefix(".")
    known = ending in set(Format) and not destination.is_dir()
    return Format(ending) if known else Format.CSV


def _check(what: What, case: str, with_vectors: bool) -> None:
    if what is What.CANDIDATES and with_vectors:
        raise WrongUsage("Candidates have no vectors; export appearances --with-vectors.")
    if what is What.CANDIDATES and not case:
        raise WrongUsage("Candidates belong to a case; give --case.")


def _ids(session: Session, names: Sequence[str] | None) -> list[int] | None:
    if not names:
        return None
    found = {name: recordings_called(session, name) for name in names}
    if missing := [name for name, ids in found.items() if not ids]:
        raise WrongUsage(f"No recording {missing[0]}; see `nightreel jobs list`.")
    return sorted({id for ids in found.values() for id in ids})


def _wanted(
    session: Session, what: What, case: str, recording_ids: list[int] | None, with_vectors: bool
) -> tuple[Iterable[object], Sequence[Column]]:
    if what is What.CANDIDATES:
        found = each_candidate(session, case=case, recording_ids=recording_ids)
        return each_listed(session, find_case(session, case).id, found), CANDIDATE
    among = recordings_among(session, case=case or None, recording_ids=recording_ids)
    seen = each_appearance(
        session, case=case or None, recording_ids=recording_ids, with_vectors=with_vectors
    )
    columns = (*APPEARANCE, VECTOR) if with_vectors else APPEARANCE
    return _appearances(same_footage(session, among), seen), columns


def _appearances(known: Sequence[SameFootage], rows: Iterable[AppearanceRow]) -> Iterator[Exported]:
    """Appearances, each with the stretch of an earlier recording that shows the same footage."""
    for row in rows:
        yield Exported(row, earlier_stretch(moment_of(row.seen), known))
