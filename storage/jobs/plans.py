"""Plans as they are kept: by their key, once."""

import json
from datetime import datetime

import sqlalchemy
from sqlalchemy import ColumnElement
from sqlmodel import Session, col

from storage.database.moments import in_utc
from storage.database.upsert import insert_if_new
from storage.tables import Analysis, Plan


def remember_plan(session: Session, key: str, body: str) -> None:
    """Keep a plan (JSON with at least `engine`) unless it is there."""
    told = json.loads(body)
    values = {"engine": told["engine"], "body": body, "cut_by": told.get("cut_by")}
    insert_if_new(session, Plan, key=key, **values)


class Provenance:
    """Whether something was seen by us, or cut by others."""

    __slots__ = ()
    cut_by: str | None
    imported_at: datetime | None

    @property
    def provenance(self) -> str:
        """What goes with everything that was imported, in words; empty for the rest."""
        return said_of_import(self.cut_by, self.imported_at)


def imported_at() -> ColumnElement[datetime | None]:
    """When the faces of an analysis were imported; null where footage was watched."""
    return sqlalchemy.case((col(Plan.cut_by).is_not(None), col(Analysis.asked_at)))


def said_of_import(cut_by: str | None, at: datetime | None) -> str:
    """What goes with everything that was imported; empty where footage was watched."""
    if cut_by is None or at is None:
        return ""
    return f"cropped by {cut_by}, imported {in_utc(at)}; its footage was not analysed"
