"""Whole tables as plain values, to compare a database with itself."""

from collections.abc import Collection
from typing import Any

import numpy as np
from sqlalchemy import Engine, select

from storage.database.database import reading
from storage.tables import Table

WHEN_ASKED = frozenset({"asked_at", "match_asked_at", "compared_at"})
"""When tasks were last requested or answered: repeating an act may change these times."""

LOGS = {"audit_entry", "embedding_change"}


def snapshot(database: Engine, *, without: Collection[str] = ()) -> dict[str, list[Any]]:
    """Every row of every table, by primary key, except some columns.

    The logs of acts and changes are left out: an act done twice has two entries.
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
