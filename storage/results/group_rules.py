"""What people said of appearances in a case: that two belong together, or apart."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from sqlalchemy import bindparam, delete
from sqlmodel import Session, col, select

from faces.grouping import components
from storage.database.upsert import insert_or_update
from storage.tables import GroupRule

Pair = tuple[int, int]
"""Ids of appearances, the lower first."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Pairs that belong together, and pairs that belong apart."""

    together: list[Pair]
    apart: list[Pair]


def rules(session: Session, case_id: int) -> Rules:
    """All that was said in a case."""
    statement = select(GroupRule).where(col(GroupRule.case_id) == case_id)
    found = Rules([], [])
    for row in session.exec(statement.order_by(col(GroupRule.first_id), col(GroupRule.second_id))):
        pairs = found.together if row.together else found.apart
        pairs.append((row.first_id, row.second_id))
    return found


def say_together(session: Session, case_id: int, members: Collection[int]) -> None:
    """All of these belong together, whatever was said of them before."""
    _forget(session, case_id, _among(rules(session, case_id).apart, members))
    _say(session, case_id, pairwise(sorted(members)), together=True)


def say_apart(
    session: Session, case_id: int, ones: Collection[int], others: Collection[int]
) -> None:
    """None of the ones belongs to any of the others, whatever was said of them before.

    What is together on one side only by way of the other side stays together.
    """
    said = _among(rules(session, case_id).together, {*ones, *others})
    _forget(session, case_id, said)
    for side in (ones, others):
        _say(session, case_id, _chains(said, side), together=True)
    _say(session, case_id, product(sorted(ones), sorted(others)), together=False)


def _among(pairs: Sequence[Pair], members: Collection[int]) -> list[Pair]:
    known = set(members)
    return [pair for pair in pairs if known.issuperset(pair)]


def _chains(pairs: Sequence[Pair], side: Collection[int]) -> list[Pair]:
    places = {id: place for place, id in enumerate(sorted({id for pair in pairs for id in pair}))}
    roots = components(len(places), [(places[one], places[other]) for one, other in pairs])
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
