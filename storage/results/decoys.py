"""Decoys: appearances known to show somebody else, put among the candidates to measure reviewers.

They are no candidates: no list of results, no standing and no export ever has one.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Integer, cast, delete, func
from sqlmodel import Session, col, select

from storage import tables
from storage.database.upsert import insert_if_new
from storage.tables import Decision
from storage.tables.vectors import matrix


@dataclass(frozen=True, slots=True)
class Decoy:
    """An appearance that does not show a person, and how close it comes all the same."""

    person_id: int
    appearance_id: int
    reference_id: int
    distance: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Alarms:
    """How often a reviewer has said same of somebody who is known to be somebody else."""

    account_id: int
    same: int
    decoys: int


def add_decoys(
    session: Session, decoys: Sequence[Decoy], *, account_id: int, reason: str, now: datetime
) -> int:
    """Put these among a case's candidates; returns how many were not there before."""
    by = {"account_id": account_id, "reason": reason, "seeded_at": now}
    return sum(insert_if_new(session, tables.Decoy, **asdict(one), **by) for one in decoys)


def remove_decoys(session: Session, case_id: int) -> int:
    """Show a case's reviewers no decoy any more; what they said of them stays."""
    people = select(tables.Person.id).where(col(tables.Person.case_id) == case_id)
    gone = delete(tables.Decoy).where(col(tables.Decoy.person_id).in_(people))
    return len(session.exec(gone.returning(col(tables.Decoy.id))).all())


def alarms(session: Session, case_id: int) -> list[Alarms]:
    """What each reviewer made of the decoys of a case."""
    account = col(tables.Verdict.account_id)
    same = func.sum(cast(col(tables.Verdict.decision) == Decision.SAME, Integer))
    statement = (
        select(account, same, func.count())
        .join(tables.Person, col(tables.Verdict.person_id) == tables.Person.id)
        .where(col(tables.Person.case_id) == case_id, col(tables.Verdict.seeded))
        .group_by(account)
        .order_by(account)
    )
    return [Alarms(*row) for row in session.exec(statement)]


def strangers(
    session: Session, *, recording_id: int, engine: str, person_id: int, least_quality: float
) -> tuple[list[int], NDArray[np.float32]]:
    """The appearances of a recording that an engine saw and that are no candidates for a person.

    Ids, and their vectors [n, d].
    """
    found = select(tables.Candidate.appearance_id).where(
        col(tables.Candidate.person_id) == person_id
    )
    statement = (
        select(tables.Embedding.appearance_id, col(tables.Embedding.vector))
        .join(tables.Appearance, col(tables.Embedding.appearance_id) == tables.Appearance.id)
        .join(tables.Analysis, col(tables.Appearance.analysis_id) == tables.Analysis.id)
        .where(
            col(tables.Analysis.recording_id) == recording_id,
            col(tables.Embedding.engine) == engine,
            col(tables.Appearance.quality) >= least_quality,
            col(tables.Appearance.id).not_in(found),
        )
        .order_by(col(tables.Embedding.appearance_id))
    )
    rows = session.exec(statement).all()
    return [id for id, _ in rows], matrix([vector for _, vector in rows])
