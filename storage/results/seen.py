"""An appearance with its recording: one value, read by one function."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlmodel import Session, col

from storage.database.batches import batches
from storage.jobs.plans import Provenance, imported_at
from storage.tables import Analysis, Appearance, Plan, Recording


@dataclass(frozen=True, slots=True)
class Seen(Provenance):
    """An appearance with its recording, as candidates, search hits, group members, exported rows
    and review items contain it."""

    appearance_id: int
    analysis_id: int
    plan: str
    """The plan's key."""
    recording_id: int
    recording: str
    """The file's name when it was first added."""
    recording_sha256: str
    recording_ms: int
    """The recording's length."""
    start_ms: int
    end_ms: int
    best_ms: int
    box: tuple[float, float, float, float]
    """x, y, width, height at `best_ms`, in pixels of the sampled frame; zeros if unknown."""
    score: float
    """Detector score of the best face."""
    quality: float
    """Of the best face, 0..1."""
    faces: int
    """Number of sampled frames with the face."""
    crops: tuple[str, ...]
    """Names in the media store, best first."""
    cut_by: str | None = None
    """Who cut the face if it was imported; None if the footage was processed."""
    imported_at: datetime | None = None

    @property
    def best_crop(self) -> str:
        """The name of its clearest picture; empty without one."""
        return self.crops[0] if self.crops else ""

    @property
    def pixels(self) -> tuple[int, int, int, int] | None:
        """The box in whole pixels; None if unknown."""
        x, y, width, height = map(round, self.box)
        return (x, y, width, height) if any(self.box) else None


_BOX = ("box_x", "box_y", "box_width", "box_height")
_COLUMNS: dict[str, Any] = {
    "appearance_id": Appearance.id,
    "analysis_id": Analysis.id,
    "plan": Plan.key,
    "recording_id": Recording.id,
    "recording": Recording.name,
    "recording_sha256": Recording.sha256,
    "recording_ms": Recording.duration_ms,
    "start_ms": Appearance.start_ms,
    "end_ms": Appearance.end_ms,
    "best_ms": Appearance.best_ms,
    **{name: getattr(Appearance, name) for name in _BOX},
    "score": Appearance.score,
    "quality": Appearance.quality,
    "faces": Appearance.faces,
    "crops": Appearance.crops,
    "cut_by": Plan.cut_by,
    "imported_at": imported_at(),
}


def select_seen(**others: Any) -> sqlalchemy.Select[*tuple[Any, ...]]:
    """A statement for all appearances with these further columns; join their tables to it.

    `take_seen` splits the mapping of a row.
    """
    columns = _COLUMNS | others
    return (
        sqlalchemy.select(*(column.label(name) for name, column in columns.items()))
        .select_from(Appearance)
        .join(Analysis, col(Appearance.analysis_id) == col(Analysis.id))
        .join(Recording, col(Analysis.recording_id) == col(Recording.id))
        .join(Plan, col(Analysis.plan_key) == col(Plan.key))
    )


def take_seen(row: sqlalchemy.RowMapping) -> tuple[Seen, dict[str, Any]]:
    """Split a row of `select_seen` into the appearance and its further columns by name."""
    values = dict(row)
    own = {name: values.pop(name) for name in _COLUMNS}
    box = tuple(own.pop(name) for name in _BOX)
    return Seen(**own | {"box": box, "crops": tuple(own["crops"])}), values


def seen_by_id(session: Session, appearance_ids: Collection[int]) -> dict[int, Seen]:
    """Those of these appearances that still exist, by id."""
    appearances = (
        take_seen(row)[0]
        for batch in batches(appearance_ids)
        for row in session.execute(select_seen().where(col(Appearance.id).in_(batch))).mappings()
    )
    return {seen.appearance_id: seen for seen in appearances}
