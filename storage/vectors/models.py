"""The weights that an engine's name refers to in this archive, and the engine in use."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from errors import OtherWeights
from storage import tables
from storage.database.upsert import insert_if_new


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice of the engine in use."""

    engine: str
    reason: str
    actor: str
    chosen_at: datetime


def is_pinned(session: Session, engine: str, weights_sha256: str) -> bool:
    """Whether these weights are pinned to an engine's name; False if none are.

    Raises OtherWeights if other weights are pinned: vectors of these cannot be compared with the
    stored ones.
    """
    pinned = session.exec(select(tables.Model.weights_sha256).filter_by(engine=engine)).first()
    if pinned not in (None, weights_sha256):
        raise OtherWeights(
            f"The weights of {engine} here are not those that the archive's vectors were made "
            "with; bring the same ones here (`nightreel models pull --from`)."
        )
    return pinned is not None


def pin(session: Session, engine: str, weights_sha256: str, now: datetime) -> None:
    """Pin these weights to an engine's name; call it before any of their results are stored.
    Raises OtherWeights as `is_pinned` does."""
    insert_if_new(
        session, tables.Model, engine=engine, weights_sha256=weights_sha256, pinned_at=now
    )
    is_pinned(session, engine, weights_sha256)


def in_use(session: Session) -> str | None:
    """The engine whose candidates are displayed; None until one has been chosen."""
    latest = select(tables.EngineChoice.engine).order_by(col(tables.EngineChoice.id).desc())
    return session.exec(latest.limit(1)).first()


def is_shown(engine: Any) -> ColumnElement[bool]:
    """Condition for candidates of the engine in use; all, until one has been chosen.

    `engine` is the column with the candidate's engine.
    """
    latest = select(tables.EngineChoice.engine).order_by(col(tables.EngineChoice.id).desc())
    in_use_now = func.coalesce(latest.limit(1).scalar_subquery(), engine)
    return cast(ColumnElement[bool], in_use_now == engine)


def choose(session: Session, choice: Choice) -> int:
    """Store a choice of the engine in use; returns its id."""
    row = tables.EngineChoice(**{name: getattr(choice, name) for name in Choice.__slots__})
    session.add(row)
    session.flush()
    return row.id
