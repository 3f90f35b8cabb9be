"""Groups of appearances in a case, and users' rules for grouping."""

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
    """The person of interest that a user made from the group."""
    made_at: datetime


class GroupMember(Table, table=True):
    """An appearance in a group."""

    __tablename__ = "group_member"
    group_id: int = Field(foreign_key="face_group.id", ondelete="CASCADE", primary_key=True)
    appearance_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )


class GroupRule(Table, table=True):
    """A user's statement on two appearances, for all later groupings of the case."""

    __tablename__ = "group_rule"
    case_id: int = Field(foreign_key="case.id", ondelete="CASCADE", primary_key=True)
    first_id: int = Field(foreign_key="appearance.id", ondelete="CASCADE", primary_key=True)
    second_id: int = Field(
        foreign_key="appearance.id", ondelete="CASCADE", primary_key=True, index=True
    )
    """The greater of the two ids."""
    together: bool
    """Whether they must be in one group (must-link) or must not (cannot-link)."""
