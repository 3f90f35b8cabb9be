"""Calibrations: measured false candidates in a case's footage, and under which conditions."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import true
from sqlmodel import Session, col, func, select

from faces.error_rates import Rate
from storage import tables
from storage.cases.cases import Case
from storage.cases.scope import EVERYWHERE, Scope, appearances, covers_own_only
from storage.database.batches import batches
from storage.jobs.listing import counted_once
from storage.tables import Appearance, Embedding, Model


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a calibration is valid for: no other case, engine, weights, threshold or footage."""

    case_id: int
    engine: str
    weights_sha256: str
    threshold: float
    own_only: bool
    """Whether only footage that was added for the case was searched."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Results of searches for people known not to be in the footage."""

    conditions: Conditions
    rate: Rate
    """At the threshold of the conditions."""
    curve: tuple[Rate, ...]
    """At stricter and looser thresholds, the strictest first."""
    groups: Mapping[str, Rate]
    """At the threshold, per group named by the operator; empty without groups."""
    appearances: int
    """Number of appearances compared."""
    photos_sha256: str
    """One hash over all photos."""
    actor: str
    made_at: datetime


def keep(session: Session, made: Calibration) -> int:
    """Store a calibration; returns its id."""
    conditions, rate = made.conditions, made.rate
    row = tables.Calibration(
        case_id=conditions.case_id,
        engine=conditions.engine,
        weights_sha256=conditions.weights_sha256,
        threshold=conditions.threshold,
        own_only=conditions.own_only,
        searches=rate.searches,
        with_any=rate.with_any,
        false_candidates=rate.false_candidates,
        curve=[[point.threshold, point.with_any, point.false_candidates] for point in made.curve],
        groups={
            name: [group.searches, group.with_any, group.false_candidates]
            for name, group in made.groups.items()
        },
        appearances=made.appearances,
        photos_sha256=made.photos_sha256,
        actor=made.actor,
        made_at=made.made_at,
    )
    session.add(row)
    session.flush()
    return row.id


def calibrations(session: Session, case_id: int) -> list[Calibration]:
    """The calibrations of a case, newest first."""
    statement = select(tables.Calibration).where(col(tables.Calibration.case_id) == case_id)
    rows = session.exec(statement.order_by(col(tables.Calibration.id).desc()))
    return [_calibration(row) for row in rows]


def current(
    session: Session, case: Case, *, own_only: bool = False
) -> dict[tuple[str, float], Calibration]:
    """The newest calibration of a case, made with the pinned weights, by engine and threshold.

    Only of the same footage: all that the case covers, or only what was added for it.
    """
    statement = (
        select(tables.Calibration)
        .join(Model, col(Model.engine) == col(tables.Calibration.engine))
        .where(
            col(tables.Calibration.case_id) == case.id,
            col(tables.Calibration.own_only) == (own_only or covers_own_only(case)),
            col(tables.Calibration.weights_sha256) == col(Model.weights_sha256),
        )
        .order_by(col(tables.Calibration.id))
    )
    return {(row.engine, row.threshold): _calibration(row) for row in session.exec(statement)}


def number_within(session: Session, engine: str, scope: Scope) -> int:
    """The number of appearances within a scope that an engine embedded, each counted once."""
    statement = (
        select(func.count())
        .select_from(Embedding)
        .join(Appearance)
        .where(
            col(Embedding.engine) == engine,
            col(Appearance.analysis_id).in_(counted_once(engine)),
            true() if scope == EVERYWHERE else col(Appearance.id).in_(appearances(session, scope)),
        )
    )
    return session.exec(statement).one()


def counted_among(session: Session, engine: str, appearance_ids: Collection[int]) -> set[int]:
    """Those of these appearances that `number_within` counts."""
    statement = select(Appearance.id).where(col(Appearance.analysis_id).in_(counted_once(engine)))
    return {
        id
        for batch in batches(appearance_ids)
        for id in session.exec(statement.where(col(Appearance.id).in_(batch)))
    }


def _calibration(row: tables.Calibration) -> Calibration:
    def rate(threshold: float, searches: int, with_any: float, false: float) -> Rate:
        return Rate(threshold, searches, int(with_any), int(false))

    return Calibration(
        Conditions(row.case_id, row.engine, row.weights_sha256, row.threshold, row.own_only),
        rate(row.threshold, row.searches, row.with_any, row.false_candidates),
        tuple(rate(at, row.searches, *counts) for at, *counts in row.curve),
        {name: rate(row.threshold, *counts) for name, counts in row.groups.items()},
        row.appearances,
        row.photos_sha256,
        row.actor,
        row.made_at,
    )
