"""Decoys: appearances known to show another person, put among the candidates to measure reviewers.

They are not candidates: no list of results, no review status and no export ever contains one.
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
    """An appearance that does not show a person, and its distance to them."""

    person_id: int
    appearance_id: int
    reference_id: int
    distance: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Alarms:
    """How many decoys a reviewer reviewed, and how many with the verdict same."""

    account_id: int
    same: int
    decoys: int


def add_decoys(
    session: Session, decoys: Sequence[Decoy], *, account_id: int, reason: str, now: datetime
) -> int:
    """Put decoys among a case's candidates; returns how many are new."""
    by = {"account_id": account_id, "reason": reason, "seeded_at": now}
    return sum(insert_if_new(session, tables.Decoy, **asdict(decoy), **by) for decoy in decoys)


def remove_decoys(session: Session, case_id: int) -> int:
    """Delete a case's decoys and return how many there were; the verdicts on them stay."""
    people = select(tables.Person.id).where(col(tables.Person.case_id) == case_id)
    gone = delete(tables.Decoy).where(col(tables.Decoy.person_id).in_(people))
    return len(session.exec(gone.returning(col(tables.Decoy.id))).all())


def alarms(session: Session, case_id: int) -> list[Alarms]:
    """Each reviewer's verdicts on the decoys of a case, counted; by account id."""
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
    """The appearances of a recording, embedded by an engine, that are not a person's candidates.

    Only those with at least `least_quality` (0..1). Returns their ids and vectors [n, d].
    """
    candidates = select(tables.Candidate.appearance_id).where(
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
            col(tables.Appearance.id).not_in(candidates),
        )
        .order_by(col(tables.Embedding.appearance_id))
    )
    rows = session.exec(statement).all()
    return [id for id, _ in rows], matrix([vector for _, vector in rows])
