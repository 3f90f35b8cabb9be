"""Whole tables as plain values, to compare a database with itself."""

from collections.abc import Collection
from typing import Any

import numpy as np
from sqlalchemy import Engine, select

from storage.database.database import reading
from storage.tables import Table

WHEN_ASKED = frozenset({"asked_at", "match_asked_at", "matched_at"})
"""When somebody was last asked or answered: what doing a thing twice may change."""

LOGS = {"audit_entry", "embedding_change"}


def snapshot(database: Engine, *, without: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table, by primary key, but for some columns.

    Not of the logs of acts and of changes: what is done twice is two of them.
    """
    with reading(database) as session:
        return {
            table.name: [
                {name: _plain(value) for name, value in row.items() if name not in without}
                for row in session.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in Table.metadata.sorted_tables
            if table.name not in LOGS
        }


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value
