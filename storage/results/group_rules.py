"""Users' rules for grouping in a case: two appearances must-link or cannot-link."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from sqlalchemy import bindparam, delete
from sqlmodel import Session, col, select

from faces.grouping import components
from storage.database.upsert import insert_or_update
from storage.tables import GroupRule

Pair = tuple[int, int]
"""Ids of two appearances, the lower first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Pairs that must be in one group, and pairs that must not."""

    together: list[Pair]
    apart: list[Pair]


def rules(session: Session, case_id: int) -> Rules:
    """All rules of a case."""
    statement = select(GroupRule).where(col(GroupRule.case_id) == case_id)
    stored = Rules([], [])
    for row in session.exec(statement.order_by(col(GroupRule.first_id), col(GroupRule.second_id))):
        pairs = stored.together if row.together else stored.apart
        pairs.append((row.first_id, row.second_id))
    return stored


def say_together(session: Session, case_id: int, members: Collection[int]) -> None:
    """Store that all `members` belong together; replaces earlier rules that say otherwise."""
    _forget(session, case_id, _among(rules(session, case_id).apart, members))
    _say(session, case_id, pairwise(sorted(members)), together=True)


def say_apart(
    session: Session, case_id: int, ones: Collection[int], others: Collection[int]
) -> None:
    """Store that none of `ones` belongs to any of `others`; replaces earlier rules.

    Members of one side that were linked only through the other side stay linked.
    """
    linked = _among(rules(session, case_id).together, {*ones, *others})
    _forget(session, case_id, linked)
    for side in (ones, others):
        _say(session, case_id, _chains(linked, side), together=True)
    _say(session, case_id, product(sorted(ones), sorted(others)), together=False)


def _among(pairs: Sequence[Pair], members: Collection[int]) -> list[Pair]:
    ids = set(members)
    return [pair for pair in pairs if ids.issuperset(pair)]


def _chains(pairs: Sequence[Pair], side: Collection[int]) -> list[Pair]:
    places = {id: place for place, id in enumerate(sorted({id for pair in pairs for id in pair}))}
    roots = components(len(places), [(places[first], places[second]) for first, second in pairs])
    chains: dict[int, list[int]] = {}
    for id in sorted(places.keys() & set(side)):
        chains.setdefault(int(roots[places[id]]), []).append(id)
    return [pair for chain in chains.values() for pair in pairwise(chain)]


def _say(session: Session, case_id: int, pairs: Iterable[Pair], *, together: bool) -> None:
    rows = [
        {"case_id": case_id, "first_id": min(pair), "second_id": max(pair), "together": together}
        for pair in pairs
    ]
    insert_or_update(session, GroupRule, rows, key=["case_id", "first_id", "second_id"])


def _forget(session: Session, case_id: int, pairs: Sequence[Pair]) -> None:
    statement = delete(GroupRule).where(
        col(GroupRule.case_id) == case_id,
        col(GroupRule.first_id) == bindparam("first"),
        col(GroupRule.second_id) == bindparam("second"),
    )
    if pairs:
        rows = [{"first": first, "second": second} for first, second in pairs]
        session.connection().execute(statement, rows)
    session.expire_all()
