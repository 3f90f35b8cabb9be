"""Plans in the database: each is stored once, by its key."""

import json
from datetime import datetime

import sqlalchemy
from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from storage.database.moments import in_utc
from storage.database.upsert import insert_if_new
from storage.tables import Analysis, Plan


def remember_plan(session: Session, key: str, body: str) -> None:
    """Store a plan (`body` is JSON with at least `engine`) unless its key exists."""
    plan = json.loads(body)
    values = {"engine": plan["engine"], "body": body, "cut_by": plan.get("cut_by")}
    insert_if_new(session, Plan, key=key, **values)


class Provenance:
    """Whether an appearance is from processed footage, or was cut by other software."""

    __slots__ = ()
    cut_by: str | None
    imported_at: datetime | None

    @property
    def provenance(self) -> str:
        """The note on an imported appearance, in words; empty for others."""
        return said_of_import(self.cut_by, self.imported_at)


def imported_at() -> ColumnElement[datetime | None]:
    """SQL: when the faces of an analysis were imported; null if footage was processed."""
    return sqlalchemy.case((col(Plan.cut_by).is_not(None), col(Analysis.asked_at)))


def said_of_import(cut_by: str | None, at: datetime | None) -> str:
    """The note on imported faces, in words; empty if footage was processed."""
    if cut_by is None or at is None:
        return ""
    return f"cropped by {cut_by}, imported {in_utc(at)}; its footage was not analysed"
