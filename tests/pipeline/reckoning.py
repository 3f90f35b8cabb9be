"""Candidates reckoned from nothing: one row after another in plain Python, as slowly as it takes.

Nothing here calls the scope, the comparison or the ranking of the product.
"""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlmodel import Session, col, select

from faces.engine import ModelCard
from faces.vectors import unit
from storage.cases.cases import EVER
from storage.cases.sealed_vectors import opened, with_keys
from storage.files.keys import Keyring
from storage.tables import (
    Analysis,
    Appearance,
    AuditEntry,
    Candidate,
    Case,
    CaseRecording,
    Embedding,
    Person,
    Plan,
    Recording,
    Reference,
    State,
    ThresholdChoice,
)

Vector = NDArray[np.float32]
_SEARCHABLE = (State.DONE, State.GAPS)


@dataclass(frozen=True)
class Near:
    """An appearance within the threshold of a person's closest photo."""

    reference_id: int
    distance: float
    threshold: float


class Reckoning:
    """All rows of a database at one moment, and what should follow from them."""

    def __init__(
        self,
        session: Session,
        now: datetime,
        cards: Mapping[str, ModelCard],
        keys: Keyring,
        altered: Mapping[int, Vector],
    ) -> None:
        """`altered` are the vectors of references, by id, from before they were altered."""
        self.now = max(now, _last_entry(session) or now)
        self.cases = _by_id(session, Case)
        self.people = _by_id(session, Person)
        self.recordings = _by_id(session, Recording)
        self.analyses = _by_id(session, Analysis)
        self.appearances = _by_id(session, Appearance)
        self.references = _by_id(session, Reference)
        self.engine_of = {plan.key: plan.engine for plan in session.exec(select(Plan))}
        self.added = {
            (row.case_id, row.recording_id) for row in session.exec(select(CaseRecording))
        }
        self.embedded = {
            (row.appearance_id, row.engine): row.vector for row in session.exec(select(Embedding))
        }
        self.stored = {
            (row.person_id, row.engine, row.appearance_id): row
            for row in session.exec(select(Candidate))
        }
        sealed = session.exec(with_keys().order_by(col(Reference.id))).all()
        self.photos = {
            row.id: altered.get(row.id, vector)
            for (row, _), vector in zip(sealed, opened(keys, sealed), strict=True)
        }
        self.thresholds = {name: card.threshold for name, card in cards.items()}
        for choice in session.exec(select(ThresholdChoice).order_by(col(ThresholdChoice.id))):
            self.thresholds[choice.engine] = choice.threshold

    def is_in_force(self, person: Person) -> bool:
        """Whether a person may be searched for."""
        case = self.cases[person.case_id]
        if case.closed_at or case.authorisation_refused_at or case.expires_at <= self.now:
            return False
        is_urgent = case.urgent and self.now < case.opened_at + timedelta(hours=48)
        is_authorised = not case.needs_authorisation or case.authorised_at or is_urgent
        return bool(is_authorised) and person.review_at > self.now

    def covers(self, case: Case, appearance: Appearance) -> bool:
        """Whether a case covers an appearance: by its sources, and by its recording period."""
        recording = self.recordings[self.analyses[appearance.analysis_id].recording_id]
        is_own = (case.id, recording.id) in self.added
        path = os.fsdecode(recording.path)
        if not (is_own or "*" in case.sources or any(f"/{s}/" in path for s in case.sources)):
            return False
        if (case.footage_from, case.footage_until) == EVER:
            return True
        if recording.captured_ms is None:
            return is_own
        begins, ends = _ms(case.footage_from), _ms(case.footage_until)
        parts = ((0, recording.duration_ms), (appearance.start_ms, appearance.end_ms))
        return all(
            recording.captured_ms + start < ends and recording.captured_ms + end >= begins
            for start, end in parts
        )

    def near(self, person: Person, engine: str, appearance: Appearance) -> Near | None:
        """What the candidate should be, whether the case is in force or not; None without one."""
        vector = self.embedded.get((appearance.id, engine))
        if vector is None or not self.covers(self.cases[person.case_id], appearance):
            return None
        mine = [row for row in self.references.values() if row.person_id == person.id]
        if any(row.appearance_id == appearance.id and not row.withdrawn_at for row in mine):
            return None
        usable = [row.id for row in mine if row.engine == engine and row.id in self.photos]
        apart = [(_distance(vector, self.photos[id]), id) for id in usable]
        threshold = self.thresholds[engine]
        distance, closest = min(apart, default=(math.inf, 0))
        return Near(closest, distance, threshold) if distance <= threshold else None

    def wanted(self, person: Person, engine: str) -> dict[int, Near]:
        """What a person's candidates should be, by appearance."""
        found = ((one.id, self.near(person, engine, one)) for one in self.appearances.values())
        return {id: near for id, near in found if near is not None}

    def has(self, person: Person, engine: str, appearance_id: int) -> Near | None:
        """The stored candidate."""
        row = self.stored.get((person.id, engine, appearance_id))
        return row and Near(row.reference_id, round(row.distance, 6), row.threshold)

    def ranks(self, person: Person, engine: str) -> list[int]:
        """The appearances of the stored candidates, by the stored ranks; these have no gaps."""
        rows = [row for key, row in self.stored.items() if key[:2] == (person.id, engine)]
        by_rank = {row.rank: row.appearance_id for row in rows}
        assert sorted(by_rank) == list(range(1, len(rows) + 1)), sorted(row.rank for row in rows)
        return [by_rank[rank] for rank in sorted(by_rank)]

    def in_order(self, near: Mapping[int, Near]) -> list[int]:
        """These appearances as they should be ranked: ties by what the footage is."""

        def place(id: int) -> tuple[Any, ...]:
            analysis = self.analyses[self.appearances[id].analysis_id]
            sha256 = self.recordings[analysis.recording_id].sha256
            return near[id].distance, sha256, analysis.plan_key, self.appearances[id].ordinal

        return sorted(near, key=place)

    def searchable(self) -> Iterator[tuple[Analysis, str, list[Appearance]]]:
        """The analyses that ended, with their engines and the appearances they saw."""
        for analysis in self.analyses.values():
            if analysis.state in _SEARCHABLE:
                origin = analysis.origin_id or analysis.id
                seen = [one for one in self.appearances.values() if one.analysis_id == origin]
                yield analysis, self.engine_of[analysis.plan_key], seen


def _by_id(session: Session, table: Any) -> dict[int, Any]:
    return {row.id: row for row in session.exec(select(table).order_by(col(table.id)))}


def _last_entry(session: Session) -> datetime | None:
    last = select(AuditEntry.at).order_by(col(AuditEntry.id).desc()).limit(1)
    return session.exec(last).first()


def _ms(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def _distance(a: Vector, b: Vector) -> float:
    # Near zero the root makes much of the last digit, so the length is that of the product.
    product = sum(float(x) * float(y) for x, y in zip(unit(a), unit(b), strict=True))
    return round(float(np.float32(round(math.sqrt(2 * max(0.0, 1 - product)), 6))), 6)
