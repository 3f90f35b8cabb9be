"""Export appearances or candidates row by row, and record the export."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from errors import NotAuthorised, WrongUsage
from pipeline.act import Caller
from pipeline.analysis.overlaps import SameAs, earlier_stretch, moment_of
from pipeline.judging.listed import Listed, each_listed
from storage.access.audit import Action
from storage.access.chain import JsonValue
from storage.cases.cases import case_in_force, case_to_read
from storage.database.database import Session, reading
from storage.jobs.overlaps import same_footage
from storage.results.exports import (
    AppearanceRow,
    each_appearance,
    each_candidate,
    recordings_among,
    recordings_called,
)


class What(StrEnum):
    """What can be exported."""

    APPEARANCES = "appearances"
    CANDIDATES = "candidates"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The selection to export."""

    what: What
    case_id: int | None = None
    """Required for candidates and for vectors."""
    recordings: Sequence[str] = ()
    """File names or sha256; empty means all."""
    with_vectors: bool = False


@dataclass(frozen=True, slots=True)
class Exported:
    """An appearance in an export."""

    row: AppearanceRow
    same_as: SameAs | None
    """The same footage in an earlier recording, whether or not a face was detected there."""


@dataclass(frozen=True, slots=True)
class Export:
    """The rows to write; they are read from the database as they are iterated."""

    rows: Iterable[Listed | Exported]
    note: Callable[[int, str], None]
    """Records the export; takes the number of rows written and the format."""


@contextmanager
def exporting(caller: Caller, wanted: Wanted) -> Iterator[Export]:
    """The rows of `wanted`, if the case allows it; call `Export.note` once they are written.

    The rows are valid until the block ends. Raises NotAuthorised, Locked, and WrongUsage for
    candidates without a case or with vectors, and for an unknown recording.
    """
    _refuse_impossible(wanted)
    act, case_id = caller.act(Action.EXPORTED), wanted.case_id

    def note(rows: int, form: str) -> None:
        fields: dict[str, JsonValue] = {"what": wanted.what.value, "form": form}
        act.note(case_id, rows=rows, **fields, with_vectors=wanted.with_vectors)

    with act.refusals(case_id), reading(caller.database) as session:
        _refuse_without_authority(session, wanted, caller)
        yield Export(_rows(session, wanted), note)


def _refuse_impossible(wanted: Wanted) -> None:
    if wanted.what is What.CANDIDATES and wanted.with_vectors:
        raise WrongUsage("Candidates have no vectors; export appearances --with-vectors.")
    if wanted.what is What.CANDIDATES and wanted.case_id is None:
        raise WrongUsage("Candidates belong to a case; give --case.")


def _refuse_without_authority(session: Session, wanted: Wanted, caller: Caller) -> None:
    if wanted.case_id is not None:
        look_up = case_in_force if wanted.with_vectors else case_to_read
        look_up(session, wanted.case_id, caller.now)
    elif wanted.with_vectors:
        raise NotAuthorised("Vectors are biometric data; name a case in force with --case.")


def _rows(session: Session, wanted: Wanted) -> Iterable[Listed | Exported]:
    recording_ids = _recording_ids(session, wanted.recordings)
    if wanted.what is What.APPEARANCES or wanted.case_id is None:
        return _appearances(session, wanted, recording_ids)
    rows = each_candidate(session, case_id=wanted.case_id, recording_ids=recording_ids)
    return each_listed(session, wanted.case_id, rows)


def _appearances(
    session: Session, wanted: Wanted, recording_ids: Sequence[int] | None
) -> Iterator[Exported]:
    """Appearances, each with the same footage in an earlier recording, if there is any."""
    among = recordings_among(session, case_id=wanted.case_id, recording_ids=recording_ids)
    overlaps = same_footage(session, among)
    for row in each_appearance(
        session,
        case_id=wanted.case_id,
        recording_ids=recording_ids,
        with_vectors=wanted.with_vectors,
    ):
        yield Exported(row, earlier_stretch(moment_of(row.seen), overlaps))


def _recording_ids(session: Session, names: Sequence[str]) -> list[int] | None:
    if not names:
        return None
    ids_by_name = {name: recordings_called(session, name) for name in names}
    if missing := [name for name, ids in ids_by_name.items() if not ids]:
        raise WrongUsage(f"No recording {missing[0]}; see `nightreel jobs list`.")
    return sorted({id for ids in ids_by_name.values() for id in ids})
