"""Candidates as shown in every list: with review status and the candidate they repeat."""

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
    """The earlier candidate that shows the same footage; None if this is not a repeat."""


def listed(
    rows: Sequence[CandidateRow], statuses: Mapping[Key, Standing], known: Mapping[int, SameAs]
) -> list[Listed]:
    """Candidates with their review status and, by candidate id, the candidate they repeat."""
    return [Listed(row, statuses.get(row.key, Standing.OPEN), known.get(row.id)) for row in rows]


def each_listed(session: Session, case_id: int, rows: Iterable[CandidateRow]) -> Iterator[Listed]:
    """A case's candidates in the given order, which must be by person and engine.

    Holds the candidates of one person and engine at a time, because repeats occur only among them.
    """
    statuses = standings(session, case_id)
    for _, group in groupby(rows, key=lambda row: (row.person_id, row.engine)):
        candidates = list(group)
        yield from listed(candidates, statuses, repeats(session, [row.span for row in candidates]))
