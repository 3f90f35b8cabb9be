"""Appearances in a case that may be one person."""

from datetime import datetime

from sqlmodel import Field

from storage.tables.base import IDS_NEVER_REUSED, Table


class FaceGroup(Table, table=True):
    """Appearances in a case's own footage that may be one person; it has no name."""

    __tablename__ = "face_group"
    __table_args__ = (IDS_NEVER_REUSED,)
    id: int = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", index=True)
    engine: str
    person_id: int | None = Field(
        default=None, foreign_key="person.id", ondelete="SET NULL", index=True
    )
    """Whom a person has made of it."""
    made_at: datetime


class GroupMember(Table, table=True):
    """An appearance in a group."""

    __tablename__ = "group_member"
    group_id: int = Field(foreign_key="face_group.id", ondelete="CASCADE", primary_key=True)
    appearance_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )


class GroupRule(Table, table=True):
    """What a person said of two appearances, for all groupings of a case to come."""

    __tablename__ = "group_rule"
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", primary_key=True)
    first_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    second_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )
    """The higher of the two."""
    together: bool
    """Whether they belong together, or apart."""
