"""What was compared: each comparison is stored with a key, a hash of all that it rested on.

A person is compared with everything that is stored, and an analysis with everybody. Such a
comparison holds only while its key is the one made of today's rows, so nothing that changes these
rows has to take a mark away. A person and an analysis were compared with each other if both
comparisons hold, and no comparison of the analysis left the person out
(`PersonComparison.until_id`): a person who cannot be searched for, or is about to be compared
again, is left out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import delete, func, insert, update
from sqlmodel import Session, col, select

from storage import tables
from storage.access.audit import no_earlier
from storage.cases.gallery import may_be_searched_for
from storage.database.batches import batches
from storage.database.dialect import dialect_of
from storage.jobs.states import SEARCHABLE, lock
from storage.results.comparison_keys import (
    PersonKeys,
    person_keys,
    recording_key,
    recording_keys,
)
from storage.tables import (
    Analysis,
    AnalysisComparison,
    Candidate,
    PersonComparison,
    Rematch,
    State,
)

_LOCK = 0x4E5243  # any number, as long as every process takes the same one

Stale: TypeAlias = dict[int, set[str]]
"""By person id: the engines with which the person is to be compared again."""


def lock_comparisons(session: Session, *, of_people: bool) -> None:
    """Wait until comparisons that this one would not see are committed, and hold off others.

    Analyses are compared side by side, since their comparisons do not touch one another.
    """
    dialect_of(session).lock(session.connection(), _LOCK, shared=not of_people)


def stale(session: Session, now: datetime, *, person_ids: Collection[int] | None = None) -> Stale:
    """Who is to be compared again, and with which engines; of all people, or of these.

    People who may be searched for, and whose comparison does not hold, left an analysis out, or was
    requested. And people with candidates through a withdrawn photo, searched for or not.
    """
    people = searched_for(session, now, person_ids=person_ids)
    keys = person_keys(session, people)
    rows = {(row.person_id, row.engine): row for row in _of_people(session, people)}
    found: Stale = defaultdict(set)
    for person, engine in keys.keys() | rows.keys():
        row = rows.get((person, engine))
        if row is None or row.key != keys.get((person, engine)) or row.until_id is not None:
            found[person].add(engine)
    for person, engine in _requested(session):
        if person in people:
            found[person].add(engine)
    for person, engine in _through_withdrawn(session):
        if person_ids is None or person in person_ids:
            found[person].add(engine)
    return dict(sorted(found.items()))


def searched_for(
    session: Session, now: datetime, *, person_ids: Collection[int] | None = None
) -> set[int]:
    """Ids of the people who may be searched for; of all, or of these."""
    statement = select(tables.Person.id).join(tables.Case)
    in_force = statement.where(may_be_searched_for(no_earlier(session, now)))
    if person_ids is None:
        return set(session.exec(in_force))
    among = (in_force.where(col(tables.Person.id).in_(some)) for some in batches(person_ids))
    return {id for some in among for id in session.exec(some)}


def stale_analyses(session: Session) -> list[int]:
    """Ids of analyses whose faces are to be compared again with everybody, in order."""
    if not _is_anybody_compared(session):
        return []
    statement = (
        select(Analysis.id, Analysis.recording_id, AnalysisComparison.key)
        .outerjoin(AnalysisComparison)
        .where(col(Analysis.state).in_(SEARCHABLE))
        .order_by(col(Analysis.id))
    )
    keys = recording_keys(session)
    return [id for id, recording, key in session.exec(statement) if key != keys[recording]]


def is_to_be_compared(session: Session, analysis_id: int) -> bool:
    """Lock an analysis until the commit; whether it is to be matched, or was, and is stale now."""
    for analysis in lock(session, col(Analysis.id) == analysis_id):
        if analysis.state is State.MATCHING:
            return True
        stored = select(AnalysisComparison.key).filter_by(analysis_id=analysis_id)
        is_current = session.exec(stored).first() == recording_key(session, analysis_id)
        return analysis.state in SEARCHABLE and not is_current
    return False


def compared_analyses(session: Session, engine: str) -> dict[int, int]:
    """The ids of an engine's analysis comparisons, by analysis."""
    statement = (
        select(AnalysisComparison.analysis_id, AnalysisComparison.id)
        .join(Analysis)
        .join(tables.Plan)
        .where(col(tables.Plan.engine) == engine)
    )
    return dict(session.exec(statement).all())


def note_people(session: Session, person_ids: Collection[int], engine: str, now: datetime) -> None:
    """Store that these people were compared by an engine with everything, as they are now."""
    keys = person_keys(session, person_ids, engine=engine)
    for batch in batches(person_ids):
        of_batch = col(PersonComparison.person_id).in_(batch)
        session.exec(
            delete(PersonComparison).where(of_batch, col(PersonComparison.engine) == engine)
        )
    rows = [
        {"person_id": person, "engine": engine, "key": key, "compared_at": now}
        for (person, _), key in keys.items()
    ]
    if rows:
        session.connection().execute(insert(PersonComparison), rows)


def note_analysis(session: Session, analysis_id: int, key: str, now: datetime) -> int:
    """Store that an analysis was compared with everybody who is searched for; returns the id."""
    of_analysis = col(AnalysisComparison.analysis_id) == analysis_id
    session.exec(delete(AnalysisComparison).where(of_analysis))
    row = AnalysisComparison(analysis_id=analysis_id, key=key, compared_at=now)
    session.add(row)
    session.flush()
    return row.id


def leave_out(
    session: Session, engine: str, keys: PersonKeys, searched: Collection[int], comparison_id: int
) -> None:
    """Store for people whom an analysis comparison left out that it did.

    `keys` are those of the people it compared or could have compared, `searched` who may be
    searched for.
    """
    rows = select(PersonComparison).where(
        col(PersonComparison.engine) == engine, col(PersonComparison.until_id).is_(None)
    )
    out = [
        row.person_id
        for row in session.exec(rows)
        if row.person_id not in searched or row.key != keys.get((row.person_id, engine))
    ]
    for batch in batches(out):
        of_batch = col(PersonComparison.person_id).in_(batch)
        mine = update(PersonComparison).where(of_batch, col(PersonComparison.engine) == engine)
        session.exec(mine.values(until_id=comparison_id))


def forget_stale_analyses(session: Session, engine: str) -> None:
    """Delete an engine's analysis comparisons that do not hold.

    If what they rested on came back, they would hold again, but people who were compared meanwhile
    were compared with other rows.
    """
    statement = (
        select(AnalysisComparison.id, AnalysisComparison.key, Analysis.recording_id)
        .join(Analysis)
        .join(tables.Plan)
        .where(col(tables.Plan.engine) == engine)
    )
    keys = recording_keys(session)
    gone = [id for id, key, recording in session.exec(statement) if key != keys[recording]]
    for batch in batches(gone):
        session.exec(delete(AnalysisComparison).where(col(AnalysisComparison.id).in_(batch)))


def adopt_analyses(session: Session, now: datetime) -> None:
    """While nobody was compared, every analysis was compared with everybody: store that."""
    if _is_anybody_compared(session):
        return
    lock_comparisons(session, of_people=True)
    if _is_anybody_compared(session):
        return
    stored = select(AnalysisComparison.analysis_id)
    statement = select(Analysis.id, Analysis.recording_id).where(
        col(Analysis.state).in_(SEARCHABLE), col(Analysis.id).not_in(stored)
    )
    keys: Mapping[int, str] = recording_keys(session)
    rows = [
        {"analysis_id": analysis, "key": keys[recording], "compared_at": now}
        for analysis, recording in session.exec(statement)
    ]
    if rows:
        session.connection().execute(insert(AnalysisComparison), rows)


def _is_anybody_compared(session: Session) -> bool:
    return bool(session.exec(select(func.count()).select_from(PersonComparison)).one())


def _of_people(session: Session, person_ids: Collection[int]) -> list[PersonComparison]:
    statement = select(PersonComparison)
    return [
        row
        for batch in batches(person_ids)
        for row in session.exec(statement.where(col(PersonComparison.person_id).in_(batch)))
    ]


def _requested(session: Session) -> list[tuple[int, str]]:
    statement = select(Rematch.person_id, Rematch.engine).where(col(Rematch.done_at).is_(None))
    return list(session.exec(statement))


def _through_withdrawn(session: Session) -> list[tuple[int, str]]:
    statement = (
        select(Candidate.person_id, Candidate.engine)
        .join(tables.Reference, col(Candidate.reference_id) == col(tables.Reference.id))
        .where(col(tables.Reference.withdrawn_at).is_not(None))
    )
    return list(session.exec(statement.distinct()))
