"""Groups of appearances in one case: they have numbers and no names, and end with the case."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, and_, delete, func, insert, or_
from sqlmodel import Session, col, select

from errors import WrongUsage
from faces.grouping import at_one_moment
from faces.vectors import Vectors
from storage.cases import cases
from storage.cases.cases import has_ended
from storage.cases.scope import Scope, in_window, within
from storage.database.batches import batches
from storage.jobs.states import ENDED, is_footage, is_imported
from storage.results.group_rules import say_apart, say_together
from storage.results.seen import Seen, select_seen, take_seen
from storage.tables import (
    Analysis,
    Appearance,
    Case,
    Embedding,
    FaceGroup,
    GroupMember,
    GroupRule,
    Recording,
)
from storage.tables.vectors import matrix

MOST_RULES = 100_000
Stay: TypeAlias = tuple[int, int, int]
"""Recording, first and last time of an appearance, in milliseconds."""
_STAY: Any = (Analysis.recording_id, Appearance.start_ms, Appearance.end_ms)


@dataclass(frozen=True, slots=True)
class Member:
    """An appearance in a group."""

    group_id: int
    seen: Seen


@dataclass(frozen=True, slots=True)
class Group:
    """Appearances that may be one person."""

    id: int
    engine: str
    person_id: int | None
    """The person of interest that a user made from it."""
    members: tuple[Member, ...]
    """By recording and time."""


def vectors_of_case(
    session: Session, case: cases.Case, engine: str
) -> tuple[list[int], Vectors, list[Stay]]:
    """The appearances in a case's own footage and window: ids [n], vectors [n, d], and when each
    was seen [n].

    Of each recording the latest analysis counts, or its imports if it was not processed.
    """
    statement = (
        select(Appearance.id, col(Embedding.vector), *_STAY)
        .join(Embedding, col(Embedding.appearance_id) == col(Appearance.id))
        .join(Analysis, col(Analysis.id) == col(Appearance.analysis_id))
        .join(Recording, col(Recording.id) == col(Analysis.recording_id))
        .where(
            within(session, Scope(case=case, own_only=True)),
            in_window(case),
            _counts(engine),
            col(Embedding.engine) == engine,
        )
        .order_by(col(Appearance.id))
    )
    rows = session.exec(statement).all()
    ids = [row[0] for row in rows]
    return ids, matrix([row[1] for row in rows]), [tuple(row[2:]) for row in rows]


def replace_groups(
    session: Session, case_id: int, engine: str, found: Sequence[Sequence[int]], now: datetime
) -> None:
    """Replace the case's groups by `found`: disjoint lists of appearance ids.

    A new group takes over the number and the person of the earlier group that it shares the most
    appearances with. Appearances that no longer exist are skipped.
    """
    lock_case(session, case_id)
    before = groups(session, case_id, engine)
    places = {member.seen.appearance_id: group.id for group in before for member in group.members}
    free = {group.id for group in before}
    there = _still_there(session, [id for members in found for id in members])
    filled = []
    for members in sorted(found, key=lambda ids: (-len(ids), min(ids))):
        shared = Counter(places[id] for id in members if places.get(id) in free)
        earlier = min(shared, key=lambda id: (-shared[id], id), default=None)
        filled.append((earlier, [id for id in members if id in there]))
        free.discard(earlier or 0)
    _remove(session, free)
    _empty(session, [earlier for earlier, _ in filled if earlier is not None])
    for earlier, members in filled:
        group_id = _new(session, case_id, engine, now) if earlier is None else earlier
        _fill(session, group_id, members)


def groups(session: Session, case_id: int, engine: str) -> list[Group]:
    """The groups of a case made from one engine's vectors, the largest first."""
    wanted = select(FaceGroup).where(
        col(FaceGroup.case_id) == case_id, col(FaceGroup.engine) == engine
    )
    members: dict[int, list[Member]] = {}
    for member in _members(session, case_id):
        members.setdefault(member.group_id, []).append(member)
    made = [
        Group(row.id, row.engine, row.person_id, tuple(members.get(row.id, ())))
        for row in session.exec(wanted)
    ]
    return sorted(made, key=lambda group: (-len(group.members), group.id))


def merge(session: Session, case_id: int, group_ids: Sequence[int]) -> int:
    """Merge groups into one; their members stay together in later groupings. Returns its id.

    Raises WrongUsage for groups of another case, of two engines or of two people, for fewer than
    two groups, and if two members were in one recording at the same moment.
    """
    lock_case(session, case_id)
    rows = [_row(session, case_id, id) for id in dict.fromkeys(group_ids)]
    people = {row.person_id for row in rows} - {None}
    if len(rows) < 2 or len({row.engine for row in rows}) > 1 or len(people) > 1:
        raise WrongUsage("Select two or more groups of one engine, at most one with a name.")
    kept = min(rows, key=lambda row: (row.person_id is None, row.id)).id
    members = sorted(id for row in rows for id in _ids(session, row.id))
    refuse_two_at_once(session, members)
    _remove(session, {row.id for row in rows} - {kept})
    _empty(session, [kept])
    _fill(session, kept, members)
    say_together(session, case_id, members)
    return kept


def refuse_two_at_once(session: Session, members: Sequence[int]) -> None:
    """Raise WrongUsage if two of these appearances were in one recording at the same moment."""
    statement = select(Appearance.id, *_STAY).join(Analysis)
    rows = [
        row
        for batch in batches(members)
        for row in session.exec(statement.where(col(Appearance.id).in_(batch)))
    ]
    for first, second in at_one_moment([tuple(row[1:]) for row in rows]):
        one, other = sorted((rows[first][0], rows[second][0]))
        raise WrongUsage(
            f"Appearances {one} and {other} were in one recording at the same moment, so they are "
            "two people; split one of them off first."
        )


def split(
    session: Session, case_id: int, group_id: int, leaving: Collection[int], now: datetime
) -> int:
    """Split members off into a new group; they stay apart from the rest. Returns its id.

    Raises WrongUsage for a group of another case, for appearances that are not in it, for none or
    all of them, and for so many that more than `MOST_RULES` rules would be stored.
    """
    lock_case(session, case_id)
    engine = _row(session, case_id, group_id).engine
    members = set(_ids(session, group_id))
    gone, left = members & set(leaving), members - set(leaving)
    if gone != set(leaving) or not gone or not left:
        raise WrongUsage("Select some of the appearances in the group, not all.")
    if len(gone) * len(left) > MOST_RULES:
        raise WrongUsage("Too many at once; split off fewer.")
    _empty(session, [group_id])
    _fill(session, group_id, sorted(left))
    made = _new(session, case_id, engine, now)
    _fill(session, made, sorted(gone))
    say_apart(session, case_id, gone, left)
    return made


def remember_person(session: Session, case_id: int, group_id: int, person_id: int) -> None:
    """Store the person of interest made from a group of this case. Raises WrongUsage."""
    _row(session, case_id, group_id).person_id = person_id


def drop_groups_of_ended(session: Session, now: datetime) -> None:
    """Remove the groups of cases that have ended."""
    ended = select(Case.id).where(has_ended(now))
    session.exec(delete(GroupRule).where(col(GroupRule.case_id).in_(ended)))
    session.exec(delete(FaceGroup).where(col(FaceGroup.case_id).in_(ended)))


def lock_case(session: Session, case_id: int) -> None:
    """Lock this case's groups against other changes until the commit."""
    session.exec(select(Case.id).where(col(Case.id) == case_id).with_for_update())


def _counts(engine: str) -> ColumnElement[bool]:
    """The latest analysis of each processed recording, and the imports of each other recording:
    no one counts twice because of two analyses."""
    latest = (
        select(func.max(col(Analysis.id)))
        .join(Appearance, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Embedding, col(Embedding.appearance_id) == col(Appearance.id))
        .where(is_footage(), col(Analysis.state).in_(ENDED), col(Embedding.engine) == engine)
        .group_by(col(Analysis.recording_id))
    )
    processed = select(Analysis.recording_id).where(col(Analysis.id).in_(latest))
    only_imported = and_(is_imported(), col(Analysis.recording_id).not_in(processed))
    return or_(col(Analysis.id).in_(latest), only_imported)


def _members(session: Session, case_id: int) -> Iterator[Member]:
    statement = (
        select_seen(group_id=GroupMember.group_id)
        .join(GroupMember, col(GroupMember.appearance_id) == col(Appearance.id))
        .join(FaceGroup, col(FaceGroup.id) == col(GroupMember.group_id))
        .where(col(FaceGroup.case_id) == case_id)
        .order_by(col(Recording.id), col(Appearance.start_ms), col(Appearance.id))
    )
    for row in session.execute(statement).mappings():
        seen, others = take_seen(row)
        yield Member(seen=seen, **others)


def _row(session: Session, case_id: int, group_id: int) -> FaceGroup:
    row = session.get(FaceGroup, group_id)
    if row is None or row.case_id != case_id:
        raise WrongUsage(f"No group {group_id} in this case; see `groups list`.")
    return row


def _ids(session: Session, group_id: int) -> list[int]:
    statement = select(GroupMember.appearance_id).where(col(GroupMember.group_id) == group_id)
    return sorted(session.exec(statement))


def _new(session: Session, case_id: int, engine: str, now: datetime) -> int:
    row = FaceGroup(case_id=case_id, engine=engine, made_at=now)
    session.add(row)
    session.flush()
    return row.id


def _fill(session: Session, group_id: int, members: Sequence[int]) -> None:
    rows = [{"group_id": group_id, "appearance_id": id} for id in members]
    if rows:
        session.connection().execute(insert(GroupMember), rows)


def _empty(session: Session, group_ids: Collection[int]) -> None:
    for batch in batches(group_ids):
        session.exec(delete(GroupMember).where(col(GroupMember.group_id).in_(batch)))


def _remove(session: Session, group_ids: Collection[int]) -> None:
    for batch in batches(group_ids):
        session.exec(delete(FaceGroup).where(col(FaceGroup.id).in_(batch)))


def _still_there(session: Session, appearance_ids: Sequence[int]) -> set[int]:
    return {
        id
        for batch in batches(appearance_ids)
        for id in session.exec(select(Appearance.id).where(col(Appearance.id).in_(batch)))
    }
