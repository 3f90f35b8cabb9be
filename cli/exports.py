"""`nightreel export`: results for other programs."""

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err
from cli.overlaps import SAME_AS, repeats_of, same_as
from cli.results import FIELDS
from errors import WrongUsage
from pipeline.analysis.overlaps import Moment, earlier_stretch
from pipeline.clock import utc_now
from pipeline.judging.results import exporting
from report.sheets import Format, whole_file, write_rows
from storage.cases.cases import id_of_case
from storage.database.database import Session, reading
from storage.jobs.overlaps import SameFootage, same_footage
from storage.results.candidates import CandidateRow
from storage.results.exports import (
    AppearanceRow,
    each_appearance,
    each_candidate,
    recordings_among,
    recordings_called,
)
from worker.resources import resources

APPEARANCE_FIELDS = (
    "recording", "sha256", "start_ms", "end_ms", "best_ms", "box", "score", "quality", "faces",
    "engine", "plan", "crops", "cut_by", "imported_at",
)  # fmt: skip


class What(StrEnum):
    """What can be taken elsewhere."""

    APPEARANCES = "appearances"
    CANDIDATES = "candidates"


def export(
    destination: Annotated[Path, typer.Argument(help="File to write, or a folder for it.")],
    what: Annotated[What, typer.Option(help="What to export.")],
    form: Annotated[
        Format | None, typer.Option("--format", help="By the file's ending, else csv.")
    ] = None,
    case: Annotated[str, typer.Option(help="Reference of the case.")] = "",
    recording: Annotated[
        list[str] | None, typer.Option(help="File name or sha256; may be given again.")
    ] = None,
    with_vectors: Annotated[
        bool, typer.Option("--with-vectors", help="Vectors too; needs a case in force.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write appearances or candidates into a file, for spreadsheets and other programs."""
    form = form or _format_of(destination)
    path = destination / f"{what}.{form}" if destination.is_dir() else destination
    database, now = resources().database, utc_now()
    _check(what, case, with_vectors)
    allowed = exporting(case, with_vectors=with_vectors, actor=actor(), database=database, now=now)
    with allowed as act, reading(database) as session:
        rows, fields = _wanted(session, what, case, _ids(session, recording), with_vectors)
        with whole_file(path, overwrite=force) as file:
            number = write_rows(file, rows, fields, form)
            taken = {"what": what.value, "form": form.value, "with_vectors": with_vectors}
            act.note(id_of_case(session, case), rows=number, **taken)
    err.print(f"{number} {what} were written; only you can read the file.")


def _format_of(destination: Path) -> Format:
    ending = destination.suffix.lower().removeprefix(".")
    known = ending in set(Format) and not destination.is_dir()
    return Format(ending) if known else Format.CSV


def _check(what: What, case: str, with_vectors: bool) -> None:
    if what is What.CANDIDATES and with_vectors:
        raise WrongUsage("Candidates have no vectors; export appearances --with-vectors.")
    if what is What.CANDIDATES and not case:
        raise WrongUsage("Candidates are a case's; name it with --case.")


def _ids(session: Session, names: Sequence[str] | None) -> list[int] | None:
    if not names:
        return None
    found = {name: recordings_called(session, name) for name in names}
    if missing := [name for name, ids in found.items() if not ids]:
        raise WrongUsage(f"There is no recording {missing[0]}; jobs list shows what there is.")
    return sorted({id for ids in found.values() for id in ids})


def _wanted(
    session: Session, what: What, case: str, recording_ids: list[int] | None, with_vectors: bool
) -> tuple[Iterable[object], Sequence[str]]:
    if what is What.CANDIDATES:
        found = each_candidate(session, case=case, recording_ids=recording_ids)
        return _candidates(session, found), (*FIELDS, *SAME_AS)
    among = recordings_among(session, case=case or None, recording_ids=recording_ids)
    seen = each_appearance(
        session, case=case or None, recording_ids=recording_ids, with_vectors=with_vectors
    )
    fields = (*APPEARANCE_FIELDS, *(["vector"] if with_vectors else []))
    return _appearances(same_footage(session, among), seen, fields), (*fields, *SAME_AS)


def _candidates(session: Session, found: Iterable[CandidateRow]) -> Iterator[object]:
    """Candidates, each with the one it repeats: a person's at a time, for only those compare."""
    for _, group in groupby(found, key=lambda row: (row.person_id, row.engine)):
        rows = list(group)
        for row, first in zip(rows, repeats_of(session, rows), strict=True):
            yield _with(row, FIELDS, same_as(first))


def _appearances(
    known: Sequence[SameFootage], seen: Iterable[AppearanceRow], fields: Sequence[str]
) -> Iterator[object]:
    """Appearances, each with the stretch of an earlier recording that shows the same footage."""
    for row in seen:
        moment = Moment(None, row.recording_id, row.start_ms, row.end_ms)
        found = earlier_stretch(moment, known)
        values = (None, None) if found is None else (found[0].first, found[1])
        yield _with(row, fields, dict(zip(SAME_AS, values, strict=True)))


def _with(row: object, fields: Sequence[str], others: dict[str, object]) -> object:
    return SimpleNamespace(**{field: getattr(row, field) for field in fields} | others)
