"""Groups of appearances in a case's own footage that may be one person."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from errors import NotAuthorised, Purged, UnusablePhoto, WrongUsage
from faces.engine import FaceEngine, ModelCard
from faces.grouping import at_one_moment, group
from pipeline.act import Caller
from pipeline.analysis.overlaps import moment_of, repeated
from pipeline.context import Context
from pipeline.people.enrol import Enrolled, enrol_person
from pipeline.people.portraits import Kept, examine
from storage.access.audit import Action
from storage.cases.cases import Case, case_in_force
from storage.cases.scope import has_footage
from storage.database.database import Session, reading
from storage.results import groups as stored
from storage.results.group_rules import rules
from storage.results.groups import Group
from storage.results.verdicts import Standing, standings

BEST_CROPS = 5
"""How many crops of a group become references of the person it is turned into."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The current groups of a case."""

    case: Case
    groups: list[Group]
    """The largest first."""
    moments: list[int]
    """For each group: how many of its appearances are not repeats of the same footage."""

    def group(self, group_id: int) -> Group:
        """The group with this id. Raises Purged when there is none."""
        for face_group in self.groups:
            if face_group.id == group_id:
                return face_group
        raise Purged("No such group; it may have been merged or purged.")


def make_groups(caller: Caller, case_id: int, *, card: ModelCard) -> Groups:
    """Group the appearances in a case's own footage by one engine's embeddings.

    Users' rules and verdicts hold, no group has two appearances of one moment, and groups keep
    their numbers where possible. Raises NotAuthorised when the case is not in force or does not
    allow grouping, WrongUsage when it has no footage of its own.
    """
    act = caller.act(Action.GROUPED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_that_allows(session, case_id, caller.now)
        if not has_footage(session, case.id):
            raise WrongUsage(
                f"Case {case.reference} has no footage of its own; add it with `ingest --case`."
            )
        ids, vectors, stays = stored.vectors_of_case(session, case, card.name)
        together, apart = _said(session, case.id, card.name, ids)
    labels = group(
        vectors,
        limit=card.same_face_distance,
        together=together,
        apart=apart,
        never=at_one_moment(stays),
    )
    by_label: dict[int, list[int]] = {}
    for id, label in zip(ids, labels, strict=True):
        by_label.setdefault(label, []).append(id)
    clusters = [members for members in by_label.values() if len(members) > 1]
    with act.on(case_id) as session:
        case_that_allows(session, case_id, caller.now)
        stored.replace_groups(session, case.id, card.name, clusters, caller.now)
        act.record(
            session, case.id, kind="make", engine=card.name,
            appearances=len(ids), groups=len(clusters),
        )  # fmt: skip
    return _groups_of(caller, case_id, card.name)


def view_groups(caller: Caller, case_id: int, *, engine: str) -> Groups:
    """The groups of a case by one engine's embeddings; that they were viewed is recorded.

    Raises NotAuthorised as `make_groups`.
    """
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id):
        groups = _groups_of(caller, case_id, engine)
    act.note(case_id, kind="groups", groups=len(groups.groups))
    return groups


def view_crop(
    caller: Caller, case_id: int, group_id: int, appearance_id: int, *, engine: str
) -> str:
    """The name of the best crop of an appearance in a group; that it was viewed is recorded.

    Raises NotAuthorised as `make_groups`, and Purged when there is no such group or crop.
    """
    act = caller.act(Action.CROP_VIEWED)
    with act.refusals(case_id):
        members = _groups_of(caller, case_id, engine).group(group_id).members
    crops = {member.seen.appearance_id: member.seen.crops for member in members}.get(appearance_id)
    if not crops:
        raise Purged("No such picture in this group.")
    act.note(case_id, appearance_id=appearance_id)
    return crops[0]


def merge_groups(caller: Caller, case_id: int, group_ids: Sequence[int]) -> int:
    """Merge several groups into one, permanently; returns its number.

    Raises NotAuthorised as `make_groups`, WrongUsage as `storage.results.groups.merge`.
    """
    act = caller.act(Action.GROUPED)
    with act.on(case_id) as session:
        case_that_allows(session, case_id, caller.now)
        kept = stored.merge(session, case_id, group_ids)
        act.record(session, case_id, kind="merge", group_ids=list(group_ids), group_id=kept)
    return kept


def split_group(caller: Caller, case_id: int, group_id: int, appearance_ids: Sequence[int]) -> int:
    """Move some appearances of a group into a new group, permanently; returns its number.

    Raises NotAuthorised as `make_groups`, WrongUsage as `storage.results.groups.split`.
    """
    act = caller.act(Action.GROUPED)
    with act.on(case_id) as session:
        case_that_allows(session, case_id, caller.now)
        made = stored.split(session, case_id, group_id, appearance_ids, caller.now)
        act.record(
            session, case_id, kind="split", group_id=group_id, new_group_id=made,
            appearance_ids=sorted(appearance_ids),
        )  # fmt: skip
    return made


def promote_group(
    caller: Caller, case_id: int, group_id: int, name: str, *, engine: FaceEngine, context: Context
) -> Enrolled:
    """Make a group a person of interest; its best crops are assessed like any reference photo.

    Raises NotAuthorised as `make_groups`, WrongUsage when there is no such group, it is a person
    already or two of its members were seen at the same moment, UnusablePhoto when none of its crops
    is usable; then no person is enrolled.
    """
    act = caller.act(Action.GROUPED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_that_allows(session, case_id, caller.now)
        chosen = _group(session, case_id, group_id, engine.card.name)
        seen = tuple(member.seen for member in chosen.members)
        # Earlier versions made groups without this rule.
        stored.refuse_two_at_once(session, [one.appearance_id for one in seen])
    crops = [Kept(f"appearance {id}", context.media.read(crop), id) for id, crop in _best(chosen)]
    verdicts = [(crop, examine(crop, engine)) for crop in crops]
    usable = [crop for crop, portrait in verdicts if portrait.usable]
    if not usable:
        reasons = "; ".join(f"{portrait.name}: {portrait.verdict}" for _, portrait in verdicts)
        raise UnusablePhoto(f"No usable picture in group {group_id}. {reasons}")
    enrolled = enrol_person(caller, case_id, name, usable, engine=engine, context=context)
    with act.on(case_id) as session:
        stored.remember_person(session, case_id, group_id, enrolled.person_id)
        act.record(
            session, case_id, kind="promote", group_id=group_id, person_id=enrolled.person_id
        )
    return replace(enrolled, members=seen)


def case_that_allows(session: Session, case_id: int, now: datetime) -> Case:
    """The case, if it is in force and allows unknown faces to be grouped. Raises NotAuthorised."""
    case = case_in_force(session, case_id, now)
    if not case.allows_grouping:
        raise NotAuthorised(
            f"Case {case.reference} does not allow unknown faces to be grouped; "
            "only a case that was opened with --allow-grouping does."
        )
    return case


def _groups_of(caller: Caller, case_id: int, engine: str) -> Groups:
    with reading(caller.database) as session:
        case = case_that_allows(session, case_id, caller.now)
        groups = stored.groups(session, case_id, engine)
        return Groups(case, groups, [_moments(session, face_group) for face_group in groups])


def _said(
    session: Session, case_id: int, engine: str, ids: Sequence[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Users' statements on these appearances, as pairs of indexes into `ids`: together, apart."""
    places = {id: place for place, id in enumerate(ids)}
    given = rules(session, case_id)
    both = (given.together, [*given.apart, *_judged_apart(session, case_id, engine)])
    together, apart = (
        [(places[a], places[b]) for a, b in pairs if {a, b} <= places.keys()] for pairs in both
    )
    return together, apart


def _judged_apart(session: Session, case_id: int, engine: str) -> list[tuple[int, int]]:
    """Pairs of appearances that verdicts keep apart: one is the person, the other is not.

    The first is a supported candidate for a person, or a member of the group that became that
    person; the second is a candidate for the same person that is not supported.
    """
    verdicts = standings(session, case_id)
    people: dict[int, set[int]] = {}
    for key, standing in verdicts.items():
        if standing is Standing.SUPPORTED:
            people.setdefault(key.person_id, set()).add(key.appearance_id)
    for face_group in stored.groups(session, case_id, engine):
        if face_group.person_id is not None:
            members = {member.seen.appearance_id for member in face_group.members}
            people.setdefault(face_group.person_id, set()).update(members)
    not_supported = [
        key for key, standing in verdicts.items() if standing is Standing.NOT_SUPPORTED
    ]
    return [
        (appearance, key.appearance_id)
        for key in not_supported
        for appearance in people.get(key.person_id, ())
        if appearance != key.appearance_id
    ]


def _group(session: Session, case_id: int, group_id: int, engine: str) -> Group:
    groups = {face_group.id: face_group for face_group in stored.groups(session, case_id, engine)}
    if group_id not in groups or not groups[group_id].members:
        raise WrongUsage(f"No group {group_id} in this case; see `groups list`.")
    if groups[group_id].person_id is not None:
        raise WrongUsage(f"Group {group_id} is already a person of interest.")
    return groups[group_id]


def _best(chosen: Group) -> list[tuple[int, str]]:
    """The best crop of each of the best appearances, with the appearance's id."""
    seen = [member.seen for member in chosen.members]
    clearest = sorted(seen, key=lambda shown: (-shown.quality, shown.appearance_id))
    return [(shown.appearance_id, shown.crops[0]) for shown in clearest if shown.crops][:BEST_CROPS]


def _moments(session: Session, face_group: Group) -> int:
    return repeated(session, [moment_of(member.seen) for member in face_group.members]).count(None)
