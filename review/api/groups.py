"""Unknown faces that appear often, in cases that allow them to be grouped."""

from http import HTTPStatus

from fastapi import Response

from pipeline.judging import group as steps
from pipeline.judging.group import Groups
from review import groups as pages
from review.api.models.groups import (
    GroupAnswer,
    GroupsAnswer,
    MemberAnswer,
    MembersAnswer,
    MergeGiven,
    NameGiven,
    NumberAnswer,
    SplitGiven,
)
from review.api.models.people import EnrolledAnswer
from review.api.paging import Cursor, Limit, piece
from review.api.routing import CASE, routes_of
from review.files import PICTURE
from review.numbers import Number
from review.site import OurSite
from review.visitors import Asked

routes = routes_of("groups", f"{CASE}/groups")


@routes.get("")
def list_groups(
    case_id: Number, ours: OurSite, asked: Asked, cursor: Cursor = "", limit: Limit = 50
) -> GroupsAnswer:
    """The groups of a case, largest first."""
    grouped = steps.view_groups(asked, case_id, engine=ours.plan.engine)
    return _some(grouped, cursor, limit)


@routes.post("/make")
def make(case_id: Number, ours: OurSite, asked: Asked, limit: Limit = 50) -> GroupsAnswer:
    """Group the faces in the case's own footage. Earlier merges and splits are kept, and groups
    keep their numbers where possible."""
    card = ours.context.engine_for(ours.plan).card
    grouped = steps.make_groups(asked, case_id, card=card)
    return _some(grouped, "", limit)


@routes.post("/merge")
def merge(case_id: Number, asked: Asked, given: MergeGiven) -> NumberAnswer:
    """Merge groups; they stay together when faces are grouped again."""
    kept = steps.merge_groups(asked, case_id, given.group_ids)
    return NumberAnswer(id=kept)


@routes.get("/{group}")
def show(
    case_id: Number,
    group: Number,
    ours: OurSite,
    asked: Asked,
    cursor: Cursor = "",
    limit: Limit = 50,
) -> MembersAnswer:
    """The appearances in one group."""
    groups = steps.view_groups(asked, case_id, engine=ours.plan.engine)
    wanted = groups.group(group)
    page = piece(wanted.members, lambda member: (member.seen.appearance_id,), cursor, limit)
    members = [MemberAnswer.of(member, case_id) for member in page.shown]
    return MembersAnswer(id=wanted.id, person_id=wanted.person_id, members=members, next=page.next)


@routes.post("/{group}/split", status_code=HTTPStatus.CREATED)
def split(case_id: Number, group: Number, asked: Asked, given: SplitGiven) -> NumberAnswer:
    """Split appearances off a group; they stay apart when faces are grouped again."""
    made = steps.split_group(asked, case_id, group, given.appearance_ids)
    return NumberAnswer(id=made)


@routes.post("/{group}/promote", status_code=HTTPStatus.CREATED)
def promote(
    case_id: Number, group: Number, ours: OurSite, asked: Asked, given: NameGiven
) -> EnrolledAnswer:
    """Add a group as a person of interest, with its best pictures as reference photos; the answer
    says where each member was seen. The appearances that the pictures were taken from are not
    candidates: their small distances would prove nothing."""
    return EnrolledAnswer.of(pages.turn_into_person(ours, asked, case_id, group, given.name))


@routes.get("/{group}/crops/{appearance}", response_class=Response, responses=PICTURE)
def picture(
    case_id: Number, group: Number, appearance: Number, ours: OurSite, asked: Asked
) -> Response:
    """The clearest picture of an appearance in a group."""
    return pages.crop(ours, asked, case_id, group, appearance)


def _some(grouped: Groups, cursor: str, limit: int) -> GroupsAnswer:
    pairs = zip(grouped.groups, grouped.moments, strict=True)
    page = piece(pairs, lambda pair: (-len(pair[0].members), pair[0].id), cursor, limit)
    groups = [GroupAnswer.of(group, moments) for group, moments in page.shown]
    return GroupsAnswer(groups=groups, next=page.next)
