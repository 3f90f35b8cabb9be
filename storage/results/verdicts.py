"""Verdicts: reviewers' decisions on candidates, stored with what was displayed."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import ColumnElement, and_
from sqlmodel import Session, col, select

from errors import Settled
from storage import tables
from storage.cases.people import lock_people
from storage.database.upsert import insert_if_new
from storage.tables import Decision, Person

__all__ = ["Decision", "Key", "Snapshot", "Standing", "Verdict", "Vote"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a verdict answers: whether this appearance shows this person."""

    person_id: int
    appearance_id: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a verdict was based on; stored with it and never computed again."""

    recording_sha256: str
    start_ms: int
    end_ms: int
    best_ms: int
    crop: str
    quality: float
    distance: float
    threshold: float
    reference_id: int
    engine: str
    plan_key: str
    seeded: bool
    """Whether it is a decoy, which measures the reviewer and is not a result."""
    below_floor: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reviewer's decision."""

    key: Key
    account_id: int
    place: int
    """1 for the reviewer who decided first, 2 for the other."""
    decision: Decision
    decided_at: datetime
    seen: Snapshot


class Standing(StrEnum):
    """Review status of a candidate, which follows from its verdicts."""

    OPEN = "open"
    """No verdict yet."""
    HALF = "awaiting second review"
    SUPPORTED = "supported"
    """Two different reviewers said same, each without knowing of the other's verdict."""
    WITHHELD = "withheld for quality"
    """Both said same, but the pictures are below the minimum quality; a supervisor may override
    that."""
    NOT_SUPPORTED = "not supported"
    """Both said different."""
    INCONCLUSIVE = "inconclusive"
    """They disagree, or one was inconclusive."""


@dataclass(frozen=True, slots=True)
class Vote:
    """The part of a verdict that determines the candidate's review status."""

    account_id: int
    decision: Decision
    below_floor: bool


def standing(votes: Collection[Vote], *, overridden: bool) -> Standing:
    """The review status of a candidate from the verdicts on it, in any order."""
    decisions = {vote.decision for vote in votes}
    if len({vote.account_id for vote in votes}) < 2:
        return Standing.HALF if votes else Standing.OPEN
    if decisions == {Decision.DIFFERENT}:
        return Standing.NOT_SUPPORTED
    if decisions != {Decision.SAME}:
        return Standing.INCONCLUSIVE
    withheld = any(vote.below_floor for vote in votes) and not overridden
    return Standing.WITHHELD if withheld else Standing.SUPPORTED


def give(
    session: Session,
    key: Key,
    *,
    account_id: int,
    decision: Decision,
    seen: Snapshot,
    now: datetime,
) -> int:
    """Store a verdict in the first free place and return that place, 1 or 2.

    Raises Settled when this account has already given a verdict, or two others have.
    """
    lock_people(session, [key.person_id])
    given = verdicts_on(session, key)
    if any(verdict.account_id == account_id for verdict in given):
        raise Settled("You have already reviewed this candidate; another reviewer is needed.")
    if len(given) == 2:
        raise Settled("Two reviewers have already given verdicts here; take the next one.")
    place = len(given) + 1
    insert_if_new(
        session,
        tables.Verdict,
        person_id=key.person_id,
        appearance_id=key.appearance_id,
        account_id=account_id,
        place=place,
        decision=decision,
        decided_at=now,
        **{field: getattr(seen, field) for field in Snapshot.__slots__},
    )
    return place


def take_back(session: Session, key: Key, *, account_id: int) -> Decision:
    """Delete this account's verdict while there is no second one; returns the decision.

    Raises Settled when this account has given none, or when two verdicts have made it final.
    """
    lock_people(session, [key.person_id])
    given = verdicts_on(session, key)
    own = [verdict for verdict in given if verdict.account_id == account_id]
    if not own:
        raise Settled("You have no verdict on this candidate to undo.")
    if len(given) == 2:
        raise Settled("Two reviewers have given verdicts on this candidate; they are final now.")
    by_account = and_(_on(key), col(tables.Verdict.account_id) == account_id)
    session.delete(session.exec(select(tables.Verdict).where(by_account)).one())
    return own[0].decision


def verdicts_on(session: Session, key: Key) -> list[Verdict]:
    """The verdicts on one candidate, in the order given."""
    rows = session.exec(select(tables.Verdict).where(_on(key)))
    return sorted((_verdict(row) for row in rows), key=lambda verdict: verdict.place)


def verdicts_of(session: Session, case_id: int) -> dict[Key, list[Verdict]]:
    """All verdicts of a case by candidate, including decoys; of each, in the order given."""
    rows = session.exec(_of_case(select(tables.Verdict), case_id))
    return _by_key((verdict.key, verdict) for verdict in map(_verdict, rows))


def standings(session: Session, case_id: int) -> dict[Key, Standing]:
    """The review status of each candidate of a case with a verdict; decoys are left out."""
    columns = (
        tables.Verdict.person_id,
        tables.Verdict.appearance_id,
        tables.Verdict.account_id,
        tables.Verdict.decision,
        tables.Verdict.below_floor,
    )
    given = _of_case(sqlalchemy.select(*map(col, columns)), case_id)
    rows = session.execute(given.where(~col(tables.Verdict.seeded)))
    votes = _by_key((Key(person, appearance), Vote(*vote)) for person, appearance, *vote in rows)
    overridden = overrides(session, case_id)
    return {key: standing(cast, overridden=key in overridden) for key, cast in votes.items()}


def override(session: Session, key: Key, *, account_id: int, reason: str, now: datetime) -> None:
    """Store why verdicts on pictures below the minimum quality count; a stored reason stays."""
    insert_if_new(
        session,
        tables.QualityOverride,
        person_id=key.person_id,
        appearance_id=key.appearance_id,
        account_id=account_id,
        reason=reason.strip(),
        written_at=now,
    )


def overrides(session: Session, case_id: int) -> dict[Key, str]:
    """The reason for each override of a case, by candidate."""
    statement = select(tables.QualityOverride).join(Person).where(col(Person.case_id) == case_id)
    return {Key(row.person_id, row.appearance_id): row.reason for row in session.exec(statement)}


def override_on(session: Session, key: Key) -> str | None:
    """The reason for the override of one candidate; None without an override."""
    statement = select(tables.QualityOverride.reason).where(
        col(tables.QualityOverride.person_id) == key.person_id,
        col(tables.QualityOverride.appearance_id) == key.appearance_id,
    )
    return session.exec(statement).one_or_none()


def _on(key: Key) -> ColumnElement[bool]:
    return and_(
        col(tables.Verdict.person_id) == key.person_id,
        col(tables.Verdict.appearance_id) == key.appearance_id,
    )


def _of_case(statement: Any, case_id: int) -> Any:
    joined = statement.join(Person, col(tables.Verdict.person_id) == Person.id)
    return joined.where(col(Person.case_id) == case_id).order_by(col(tables.Verdict.place))


def _by_key(pairs: Iterable[tuple[Key, Item]]) -> dict[Key, list[Item]]:
    by_key: dict[Key, list[Item]] = {}
    for key, item in pairs:
        by_key.setdefault(key, []).append(item)
    return by_key


def _verdict(row: tables.Verdict) -> Verdict:
    return Verdict(
        key=Key(row.person_id, row.appearance_id),
        account_id=row.account_id,
        place=row.place,
        decision=row.decision,
        decided_at=row.decided_at,
        seen=Snapshot(**{field: getattr(row, field) for field in Snapshot.__slots__}),
    )
