"""Candidates as every list shows them: with their review status, and the one they repeat."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from pipeline.analysis.overlaps import SameAs, repeats
from storage.database.database import Session
from storage.results.candidates import CandidateRow
from storage.results.verdicts import Key, Standing, standings


@dataclass(frozen=True, slots=True)
class Listed:
    """A candidate in a list."""

    row: CandidateRow
    review_status: Standing
    same_as: SameAs | None
    """The candidate that shows the same moment first, where this one repeats it."""


def listed(
    rows: Sequence[CandidateRow], statuses: Mapping[Key, Standing], known: Mapping[int, SameAs]
) -> list[Listed]:
    """Candidates with what is known of the verdicts on them, and of repeats by their ids."""
    return [Listed(row, statuses.get(row.key, Standing.OPEN), known.get(row.id)) for row in rows]


def each_listed(session: Session, case_id: int, rows: Iterable[CandidateRow]) -> Iterator[Listed]:
    """A case's candidates in their order, by person and engine: repeats are told among these.

    One person's are held at a time, since only they repeat each other.
    """
    statuses = standings(session, case_id)
    for _, group in groupby(rows, key=lambda row: (row.person_id, row.engine)):
        some = list(group)
        yield from listed(some, statuses, repeats(session, [row.span for row in some]))
