"""Which weights an engine's name stands for in this archive, and which engine is in use."""

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
    """An engine that was taken into use."""

    engine: str
    reason: str
    actor: str
    chosen_at: datetime


def is_pinned(session: Session, engine: str, weights_sha256: str) -> bool:
    """Whether an engine's name means these weights; False as long as it means none.

    Raises OtherWeights where it means others: their vectors cannot be compared with those that are
    kept.
    """
    pinned = session.exec(select(tables.Model.weights_sha256).filter_by(engine=engine)).first()
    if pinned not in (None, weights_sha256):
        raise OtherWeights(
            f"The weights of {engine} here are not those that the archive's vectors were made "
            "with; bring the same ones here (`nightreel models pull --from`)."
        )
    return pinned is not None


def pin(session: Session, engine: str, weights_sha256: str, now: datetime) -> None:
    """Have an engine's name mean these weights from now on; called before anything that they made
    is written. Raises OtherWeights as `is_pinned` does."""
    insert_if_new(
        session, tables.Model, engine=engine, weights_sha256=weights_sha256, pinned_at=now
    )
    is_pinned(session, engine, weights_sha256)


def in_use(session: Session) -> str | None:
    """The engine whose candidates are shown; None as long as nobody has chosen one."""
    latest = select(tables.EngineChoice.engine).order_by(col(tables.EngineChoice.id).desc())
    return session.exec(latest.limit(1)).first()


def is_shown(engine: Any) -> ColumnElement[bool]:
    """Candidates (by their column `engine`) of the engine in use; all while none was chosen."""
    latest = select(tables.EngineChoice.engine).order_by(col(tables.EngineChoice.id).desc())
    in_use_now = func.coalesce(latest.limit(1).scalar_subquery(), engine)
    return cast(ColumnElement[bool], in_use_now == engine)


def choose(session: Session, choice: Choice) -> int:
    """Take an engine into use; returns the number of the choice."""
    row = tables.EngineChoice(**{name: getattr(choice, name) for name in Choice.__slots__})
    session.add(row)
    session.flush()
    return row.id
