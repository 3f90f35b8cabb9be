"""Rematches: who was compared again with all stored embeddings, why, and what that changed."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from storage import tables
from storage.results.candidates import Place
from storage.tables import CandidateChange, Cause, Person

__all__ = ["Cause", "Difference", "Facts", "Place", "Rematch"]

WORKER = "worker"
"""The actor if no user caused the rematch."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One appearance's place before and after; None where it was not a candidate."""

    appearance_id: int
    before: Place | None
    after: Place | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What was compared with what."""

    weights_sha256: str
    photos_sha256: str
    """One hash over all photos."""
    photos: int
    appearances: int
    threshold: float


@dataclass(frozen=True, slots=True)
class Rematch:
    """One person compared again by one engine."""

    id: int
    person_id: int
    engine: str
    cause: Cause
    actor: str
    asked_at: datetime
    done_at: datetime | None
    weights_sha256: str | None
    photos_sha256: str | None
    photos: int | None
    appearances: int | None
    threshold: float | None


def differences(before: Mapping[int, Place], after: Mapping[int, Place]) -> list[Difference]:
    """The appearances (the keys) whose place changed, in the order of their ids."""
    return [
        Difference(appearance, before.get(appearance), after.get(appearance))
        for appearance in sorted(before.keys() | after.keys())
        if before.get(appearance) != after.get(appearance)
    ]


def composed(steps: Iterable[Sequence[Difference]]) -> list[Difference]:
    """What several rematches, given oldest first, changed together."""
    first: dict[int, Place | None] = {}
    last: dict[int, Place | None] = {}
    for step in steps:
        for change in step:
            first.setdefault(change.appearance_id, change.before)
            last[change.appearance_id] = change.after
    return [Difference(id, first[id], last[id]) for id in sorted(last) if first[id] != last[id]]


def ask(
    session: Session, person_id: int, *, engine: str, cause: Cause, actor: str, now: datetime
) -> int:
    """Record why a person is to be compared again; returns the id of the rematch."""
    row = tables.Rematch(person_id=person_id, engine=engine, cause=cause, actor=actor, asked_at=now)
    session.add(row)
    session.flush()
    return row.id


def pending(session: Session, person_ids: Collection[int], engine: str) -> list[int]:
    """The ids of rematches of these people that were requested and are not done."""
    statement = select(tables.Rematch.id).where(
        col(tables.Rematch.person_id).in_(person_ids),
        col(tables.Rematch.engine) == engine,
        col(tables.Rematch.done_at).is_(None),
    )
    return list(session.exec(statement))


def conclude(
    session: Session,
    person_id: int,
    *,
    engine: str,
    facts: Facts,
    changes: Sequence[Difference],
    requested: Collection[int],
    now: datetime,
) -> int | None:
    """Mark a person's pending rematches with this engine as done, and store what they changed.

    One comparison completes those of `requested`, the ids of `pending` when it began; the changes
    are stored under the latest of them, whose id is returned. Without a pending rematch nothing is
    stored, and None is returned.
    """
    to_complete = select(tables.Rematch).where(
        col(tables.Rematch.person_id) == person_id,
        col(tables.Rematch.engine) == engine,
        col(tables.Rematch.done_at).is_(None),
    )
    # Not a condition of the statement: `requested` holds those of thousands of people.
    in_order = session.exec(to_complete.order_by(col(tables.Rematch.id)))
    rows = [row for row in in_order if row.id in requested]
    for row in rows:
        row.sqlmodel_update(asdict(facts) | {"done_at": now})
    if not rows:
        return None
    _keep(session, rows[-1].id, changes)
    return rows[-1].id


def note(
    session: Session,
    person_id: int,
    *,
    engine: str,
    cause: Cause,
    actor: str,
    facts: Facts,
    changes: Sequence[Difference],
    now: datetime,
) -> int:
    """Store a finished rematch that was not requested with `ask`; returns its id."""
    row = tables.Rematch(
        person_id=person_id, engine=engine, cause=cause, actor=actor, asked_at=now, done_at=now,
        **asdict(facts),
    )  # fmt: skip
    session.add(row)
    session.flush()
    _keep(session, row.id, changes)
    return row.id


def _keep(session: Session, rematch_id: int, changes: Sequence[Difference]) -> None:
    session.flush()
    if changes:
        values = [_columns(rematch_id, change) for change in changes]
        session.connection().execute(insert(CandidateChange), values)


def done(
    session: Session, person_ids: Collection[int], *, engine: str, since: int | None = None
) -> list[Rematch]:
    """Finished rematches of these people, oldest first: the latest of each person, or all with an
    id greater than `since`."""
    statement = select(tables.Rematch).where(
        col(tables.Rematch.person_id).in_(person_ids),
        col(tables.Rematch.engine) == engine,
        col(tables.Rematch.done_at).is_not(None),
    )
    runs = [_rematch(row) for row in session.exec(statement.order_by(col(tables.Rematch.id)))]
    if since is not None:
        return [run for run in runs if run.id > since]
    latest = {run.person_id: run for run in runs}
    return sorted(latest.values(), key=lambda run: run.id)


def changes_in(session: Session, rematch_id: int) -> list[Difference]:
    """What a rematch changed, in the order of the appearances' ids."""
    statement = select(CandidateChange).where(col(CandidateChange.rematch_id) == rematch_id)
    rows = session.exec(statement.order_by(col(CandidateChange.appearance_id)))
    return [
        Difference(row.appearance_id, _place(row, "before"), _place(row, "after")) for row in rows
    ]


def exists(session: Session, rematch_id: int, *, case_id: int) -> bool:
    """Whether a rematch belongs to one of a case's people."""
    statement = select(tables.Rematch.id).join(Person)
    of_case = statement.where(col(tables.Rematch.id) == rematch_id, col(Person.case_id) == case_id)
    return session.exec(of_case).first() is not None


def _columns(rematch_id: int, change: Difference) -> dict[str, Any]:
    values: dict[str, Any] = {"rematch_id": rematch_id, "appearance_id": change.appearance_id}
    for when, place in (("before", change.before), ("after", change.after)):
        values[f"reference_{when}"] = place.reference_id if place else None
        values[f"distance_{when}"] = place.distance if place else None
        values[f"rank_{when}"] = place.rank if place else None
    return values


def _place(row: CandidateChange, when: str) -> Place | None:
    rank = getattr(row, f"rank_{when}")
    if rank is None:
        return None
    # A photo whose row was deleted has id 0.
    return Place(getattr(row, f"reference_{when}") or 0, getattr(row, f"distance_{when}"), rank)


def _rematch(row: tables.Rematch) -> Rematch:
    return Rematch(**{name: getattr(row, name) for name in Rematch.__slots__})
