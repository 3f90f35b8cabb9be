"""What all tables share: constraint names, and ids that are never reused."""

from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Enum, MetaData, UniqueConstraint
from sqlmodel import SQLModel

# An audited id must never come to refer to another row; by default SQLite reuses ids.
IDS_NEVER_REUSED = {"sqlite_autoincrement": True}


def names(kind: type[StrEnum]) -> Enum:
    """The type of a column that holds a value of this enum as text."""
    return Enum(
        kind, native_enum=False, length=16, values_callable=lambda kinds: [k.value for k in kinds]
    )


def unique(*columns: str) -> tuple[Any, ...]:
    """The `__table_args__` of a table with these columns as its natural key."""
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
