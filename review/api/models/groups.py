"""Groups of appearances that may be one person."""

from pydantic import BaseModel, Field

from report.column import plain
from report.columns import MEMBER
from review.api import links
from review.api.models.columns import model_of
from review.api.models.given import Id, Words
from storage.results.groups import Group, Member


class GroupAnswer(BaseModel):
    """Appearances that may show the same person, for human review."""

    id: int
    engine: str = Field(examples=["facenet512"])
    person_id: int | None = Field(description="The person of interest it was added as.")
    appearances: int
    moments: int = Field(description="Number of different moments of footage.")
    recordings: list[int] = Field(description="Ids of the recordings.")

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
    """A page of groups, largest first."""

    groups: list[GroupAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["-4.17"])


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
    """A group with a page of its appearances."""

    id: int
    person_id: int | None = Field(description="The person of interest it was added as.")
    members: list[MemberAnswer]
    next: str | None = Field(description="Cursor of the next page.", examples=["7"])


class MergeGiven(BaseModel):
    """Groups to merge."""

    group_ids: list[Id] = Field(min_length=2, max_length=100, examples=[[3, 5]])


class SplitGiven(BaseModel):
    """Appearances to split off."""

    appearance_ids: list[Id] = Field(min_length=1, max_length=1000, examples=[[7]])


class NameGiven(BaseModel):
    """Name of the person in the case."""

    name: Words = Field(examples=["Somebody in a red coat"])


class NumberAnswer(BaseModel):
    """The resulting group."""

    id: int
