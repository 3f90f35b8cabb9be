"""What all tables share: naming of constraints, and ids that are given once."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Enum, MetaData, UniqueConstraint
from sqlmodel import SQLModel

# An id that was audited must never come to mean another row, which SQLite would allow by default.
IDS_NEVER_REUSED = {"sqlite_autoincrement": True}


def names(kind: type[StrEnum]) -> Enum:
    """Return the type of a column that holds one of these words, as text."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda kinds: [k.value for k in kinds]
    )


def unique(*columns: str) -> tuple[Any, ...]:
    """Return the arguments of a table whose natural key these columns are."""
    return (UniqueConstraint(*columns), IDS_NEVER_REUSED)


class Table(SQLModel):
    model_config = {"arbitrary_types_allowed": True, "defer_build": True}
    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
