"""Verdicts: reviewers' decisions on candidates, stored with what was displayed."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import sqlalchemy
from sqlalchemy import ColumnElement, and_, func
from sqlmodel import Session, col, select

from errors import Settled
from storage import tables
from storage.cases.people import lock_people
from storage.database.upsert import insert_if_new
from storage.tables import Decision, Person
from storage.vectors.models import is_shown

__all__ = ["Decision", "Key", "Shown", "Snapshot", "Standing", "Verdict", "Vote"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What a verdict answers: whether this appearance shows this person."""

    person_id: int
    appearance_id: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What a verdict counts for: the picture and the photo that were shown, and the engine."""

    engine: str
    reference_id: int
    """Of the closest photo. A photo that is embedded again gets another id."""
    crop: str
    """Name of the best picture of the appearance; empty without one."""


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
    photo_sha256: str = ""
    """Of the reference photo; empty if that was not stored."""
    photo_name: str = ""

    @property
    def shown(self) -> Shown:
        """What the verdict counts for."""
        return Shown(self.engine, self.reference_id, self.crop)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One reviewer's decision."""

    id: int
    key: Key
    account_id: int
    place: int
    """1 for the reviewer who decided first on what was shown, 2 for the other."""
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
    """Store a verdict on what was shown, in the first free place there; return that, 1 or 2.

    It is never dated before an earlier verdict on the candidate, even if the clock was set back.
    Raises Settled when this account has already given a verdict on what is shown, or two others
    have.
    """
    lock_people(session, [key.person_id])
    earlier = verdicts_on(session, key)
    given = counting(earlier, seen.shown)
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
        decided_at=max([now, *(verdict.decided_at for verdict in earlier)]),
        **{field: getattr(seen, field) for field in Snapshot.__slots__},
    )
    return place


def take_back(session: Session, key: Key, shown: Shown, *, account_id: int) -> Decision:
    """Delete this account's verdict on what is shown now while there is no second one; returns the
    decision.

    Raises Settled when this account has given none, or when two verdicts have made it final.
    """
    lock_people(session, [key.person_id])
    given = counting(verdicts_on(session, key), shown)
    own = [verdict for verdict in given if verdict.account_id == account_id]
    if not own:
        raise Settled("You have no verdict on this candidate to undo.")
    if len(given) == 2:
        raise Settled("Two reviewers have given verdicts on this candidate; they are final now.")
    session.delete(session.get_one(tables.Verdict, own[0].id))
    return own[0].decision


def counting(given: Iterable[Verdict], shown: Shown) -> list[Verdict]:
    """The verdicts that were given on what is shown now, in the same order."""
    return [verdict for verdict in given if verdict.seen.shown == shown]


def verdicts_on(session: Session, key: Key) -> list[Verdict]:
    """The verdicts on one candidate, whatever was compared, in the order given."""
    # By number, not by time: a clock may have been set back.
    ordered = select(tables.Verdict).where(_on(key)).order_by(col(tables.Verdict.id))
    return [_verdict(row) for row in session.exec(ordered)]


def verdicts_of(session: Session, case_id: int) -> dict[Key, list[Verdict]]:
    """All verdicts of a case by candidate, including decoys; of each, in the order given."""
    rows = session.exec(_of_case(select(tables.Verdict), case_id))
    return _by_key((verdict.key, verdict) for verdict in map(_verdict, rows))


def standings(session: Session, case_id: int) -> dict[Key, Standing]:
    """The review status of each candidate of a case with a verdict on what it compares now.

    Decoys are left out.
    """
    columns = (
        tables.Verdict.person_id,
        tables.Verdict.appearance_id,
        tables.Verdict.account_id,
        tables.Verdict.decision,
        tables.Verdict.below_floor,
    )
    given = join_candidates(_of_case(sqlalchemy.select(*map(col, columns)), case_id))
    rows = session.execute(given.where(~col(tables.Verdict.seeded)))
    votes = _by_key((Key(person, appearance), Vote(*vote)) for person, appearance, *vote in rows)
    overridden = overrides(session, case_id)
    return {key: standing(cast, overridden=key in overridden) for key, cast in votes.items()}


def join_candidates(verdicts: Any) -> Any:
    """Limit a statement on verdicts to those on what their candidate compares now."""
    return _join_candidates(verdicts, tables.Verdict)


def _join_candidates(statement: Any, given: type[tables.Verdict | tables.QualityOverride]) -> Any:
    candidate, appearance = tables.Candidate, tables.Appearance
    best = col(appearance.crops)[0].as_string()
    return (
        statement.join(
            candidate,
            and_(
                col(candidate.person_id) == col(given.person_id),
                col(candidate.appearance_id) == col(given.appearance_id),
                col(candidate.engine) == col(given.engine),
                col(candidate.reference_id) == col(given.reference_id),
            ),
        )
        .join(appearance, col(appearance.id) == col(given.appearance_id))
        .where(is_shown(col(candidate.engine)), func.coalesce(best, "") == col(given.crop))
    )


def override(
    session: Session,
    key: Key,
    shown: Shown,
    *,
    account_id: int,
    reason: str,
    now: datetime,
) -> None:
    """Store why verdicts on pictures below the minimum quality count; a stored reason stays."""
    insert_if_new(
        session,
        tables.QualityOverride,
        person_id=key.person_id,
        appearance_id=key.appearance_id,
        **asdict(shown),
        account_id=account_id,
        reason=reason.strip(),
        written_at=now,
    )


def overrides(session: Session, case_id: int) -> dict[Key, str]:
    """The reason for each override of what a case's candidates compare now, by candidate."""
    statement = select(tables.QualityOverride).join(Person).where(col(Person.case_id) == case_id)
    rows = session.exec(_join_candidates(statement, tables.QualityOverride))
    return {Key(row.person_id, row.appearance_id): row.reason for row in rows}


def _on(key: Key) -> ColumnElement[bool]:
    return and_(
        col(tables.Verdict.person_id) == key.person_id,
        col(tables.Verdict.appearance_id) == key.appearance_id,
    )


def _of_case(statement: Any, case_id: int) -> Any:
    joined = statement.join(Person, col(tables.Verdict.person_id) == Person.id)
    return joined.where(col(Person.case_id) == case_id).order_by(col(tables.Verdict.id))


def _by_key(pairs: Iterable[tuple[Key, Item]]) -> dict[Key, list[Item]]:
    by_key: dict[Key, list[Item]] = {}
    for key, item in pairs:
        by_key.setdefault(key, []).append(item)
    return by_key


def _verdict(row: tables.Verdict) -> Verdict:
    return Verdict(
        id=row.id,
        key=Key(row.person_id, row.appearance_id),
        account_id=row.account_id,
        place=row.place,
        decision=row.decision,
        decided_at=row.decided_at,
        seen=Snapshot(**{field: getattr(row, field) for field in Snapshot.__slots__}),
    )
