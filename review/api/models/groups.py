"""Groups of appearances that may be one person."""

from pydantic import BaseModel, Field

from report.column import plain
from report.columns import MEMBER
from review.api import links
from review.api.models.columns import model_of
from review.api.models.given import Id, Words
from storage.results.groups import Group, Member


class GroupAnswer(BaseModel):
    """Appearances that may be one person, for people to judge; it has no name."""

    id: int
    engine: str = Field(examples=["facenet512"])
    person_id: int | None = Field(description="Whom somebody has made of it.")
    appearances: int
    moments: int = Field(description="How many of them are different moments of footage.")
    recordings: list[int] = Field(description="Ids of those that they are in.")

    @classmethod
    def of(cls, group: Group, moments: int) -> "GroupAnswer":
        return cls(
            id=group.id,
            engine=group.engine,
            person_id=group.person_id,
            appearances=len(group.members),
            moments=moments,
            recordings=sorted({one.seen.recording_id for one in group.members}),
        )


class GroupsAnswer(BaseModel):
    """Some groups of a case, the largest first."""

    groups: list[GroupAnswer]
    next: str | None = Field(description="The cursor of more.", examples=["-4.17"])


class MemberAnswer(model_of(MEMBER)):  # type: ignore[misc]
    """An appearance in a group."""

    picture: str | None = Field(
        description="Path of the clearest picture.", examples=[links.grouped(1, 3, 7)]
    )

    @classmethod
    def of(cls, one: Member, case_id: int) -> "MemberAnswer":
        picture = links.grouped(case_id, one.group_id, one.seen.appearance_id)
        return cls(**plain(MEMBER, one), picture=picture if one.seen.crops else None)


class MembersAnswer(BaseModel):
    """A group, and some of its appearances."""

    id: int
    person_id: int | None = Field(description="Whom somebody has made of it.")
    members: list[MemberAnswer]
    next: str | None = Field(description="The cursor of more.", examples=["7"])


class MergeGiven(BaseModel):
    """Groups that are one person."""

    group_ids: list[Id] = Field(min_length=2, max_length=100, examples=[[3, 5]])


class SplitGiven(BaseModel):
    """Appearances that do not belong to a group."""

    appearance_ids: list[Id] = Field(min_length=1, max_length=1000, examples=[[7]])


class NameGiven(BaseModel):
    """What the case is to call a person."""

    name: Words = Field(examples=["Somebody in a red coat"])


class NumberAnswer(BaseModel):
    """The group that they are now."""

    id: int
