"""Who else appears often in a case: groups of appearances that may be one person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from errors import NotAuthorised, Purged, UnusablePhoto, WrongUsage
from faces.engine import FaceEngine, ModelCard
from faces.grouping import group
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
"""So many pictures of a group become references of the person it is turned into."""


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of a case as they stand."""

    case: Case
    groups: list[Group]
    """The largest first."""
    moments: list[int]
    """Of each group: how many of its appearances are different moments of footage."""

    def group(self, group_id: int) -> Group:
        """One of them. Raises Purged."""
        for one in self.groups:
            if one.id == group_id:
                return one
        raise Purged("No such group; it may have been merged or purged.")


def make_groups(caller: Caller, case_id: int, *, card: ModelCard) -> Groups:
    """Group the appearances in a case's own footage by one engine's vectors.

    What reviewers said of appearances holds, and groups keep their numbers where possible. Raises
    NotAuthorised when the case is not in force or does not allow it, WrongUsage when it has no
    footage of its own.
    """
    act = caller.act(Action.GROUPED)
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_that_allows(session, case_id, caller.now)
        if not has_footage(session, case.id):
            raise WrongUsage(
                f"Case {case.reference} has no footage of its own; add it with `ingest --case`."
            )
        ids, vectors = stored.vectors_of_case(session, case, card.name)
        together, apart = _said(session, case.id, card.name, ids)
    labels = group(vectors, limit=card.same_face_distance, together=together, apart=apart)
    found: dict[int, list[int]] = {}
    for id, label in zip(ids, labels, strict=True):
        found.setdefault(label, []).append(id)
    several = [members for members in found.values() if len(members) > 1]
    with act.on(case_id) as session:
        case_that_allows(session, case_id, caller.now)
        stored.replace_groups(session, case.id, card.name, several, caller.now)
        act.record(
            session, case.id, kind="make", engine=card.name,
            appearances=len(ids), groups=len(several),
        )  # fmt: skip
    return _groups_of(caller, case_id, card.name)


def view_groups(caller: Caller, case_id: int, *, engine: str) -> Groups:
    """The groups of a case; that they were viewed is recorded. Raises as `make_groups`."""
    act = caller.act(Action.CANDIDATES_VIEWED)
    with act.refusals(case_id):
        known = _groups_of(caller, case_id, engine)
    act.note(case_id, kind="groups", groups=len(known.groups))
    return known


def view_crop(
    caller: Caller, case_id: int, group_id: int, appearance_id: int, *, engine: str
) -> str:
    """The name of the best picture of an appearance in a group; that it was viewed is recorded.

    Raises NotAuthorised as `make_groups`, and Purged.
    """
    act = caller.act(Action.CROP_VIEWED)
    with act.refusals(case_id):
        members = _groups_of(caller, case_id, engine).group(group_id).members
    crops = {one.seen.appearance_id: one.seen.crops for one in members}.get(appearance_id)
    if not crops:
        raise Purged("No such picture in this group.")
    act.note(case_id, appearance_id=appearance_id)
    return crops[0]


def merge_groups(caller: Caller, case_id: int, group_ids: Sequence[int]) -> int:
    """Make one group of several, for good; returns its number.

    Raises NotAuthorised as `make_groups`, WrongUsage as `storage.results.groups.merge`.
    """
    act = caller.act(Action.GROUPED)
    with act.on(case_id) as session:
        case_that_allows(session, case_id, caller.now)
        kept = stored.merge(session, case_id, group_ids)
        act.record(session, case_id, kind="merge", group_ids=list(group_ids), group_id=kept)
    return kept


def split_group(caller: Caller, case_id: int, group_id: int, appearance_ids: Sequence[int]) -> int:
    """Make a group of its own of some appearances, for good; returns its number.

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
    """Turn a group into a person of its case: its best crops are judged as any reference photo is.

    Raises NotAuthorised as `make_groups`, WrongUsage when there is no such group or it is a person
    already, UnusablePhoto when none of its crops can be searched with; then nobody is enrolled.
    """
    act = caller.act(Action.GROUPED)
    with act.refusals(case_id), reading(caller.database) as session:
        case_that_allows(session, case_id, caller.now)
        chosen = _group(session, case_id, group_id, engine.card.name)
    crops = [Kept(f"appearance {id}", context.media.read(crop), id) for id, crop in _best(chosen)]
    verdicts = [(crop, examine(crop, engine)) for crop in crops]
    usable = [crop for crop, portrait in verdicts if portrait.usable]
    if not usable:
        reasons = "; ".join(f"{one.name}: {one.verdict}" for _, one in verdicts)
        raise UnusablePhoto(f"No usable picture in group {group_id}. {reasons}")
    enrolled = enrol_person(caller, case_id, name, usable, engine=engine, context=context)
    with act.on(case_id) as session:
        stored.remember_person(session, case_id, group_id, enrolled.person_id)
        act.record(
            session, case_id, kind="promote", group_id=group_id, person_id=enrolled.person_id
        )
    return enrolled


def case_that_allows(session: Session, case_id: int, now: datetime) -> Case:
    """A case in force that allows unknown faces to be grouped. Raises NotAuthorised."""
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
        found = stored.groups(session, case_id, engine)
        return Groups(case, found, [_moments(session, one) for one in found])


def _said(
    session: Session, case_id: int, engine: str, ids: Sequence[int]
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What people said of these appearances, as places among them: together, apart."""
    places = {id: place for place, id in enumerate(ids)}
    said = rules(session, case_id)
    pairs = (said.together, [*said.apart, *_judged_apart(session, case_id, engine)])
    together, apart = (
        [(places[one], places[other]) for one, other in some if {one, other} <= places.keys()]
        for some in pairs
    )
    return together, apart


def _judged_apart(session: Session, case_id: int, engine: str) -> list[tuple[int, int]]:
    """Who was judged not to be a person belongs to none that were judged, or made, that person."""
    verdicts = standings(session, case_id)
    people: dict[int, set[int]] = {}
    for key, standing in verdicts.items():
        if standing is Standing.SUPPORTED:
            people.setdefault(key.person_id, set()).add(key.appearance_id)
    for one in stored.groups(session, case_id, engine):
        if one.person_id is not None:
            members = {member.seen.appearance_id for member in one.members}
            people.setdefault(one.person_id, set()).update(members)
    refused = [key for key, standing in verdicts.items() if standing is Standing.NOT_SUPPORTED]
    return [
        (appearance, key.appearance_id)
        for key in refused
        for appearance in people.get(key.person_id, ())
        if appearance != key.appearance_id
    ]


def _group(session: Session, case_id: int, group_id: int, engine: str) -> Group:
    there = {one.id: one for one in stored.groups(session, case_id, engine)}
    if group_id not in there or not there[group_id].members:
        raise WrongUsage(f"No group {group_id} in this case; see `groups list`.")
    if there[group_id].person_id is not None:
        raise WrongUsage(f"Group {group_id} is already a person of interest.")
    return there[group_id]


def _best(chosen: Group) -> list[tuple[int, str]]:
    """The best crop of each of the clearest appearances."""
    seen = [member.seen for member in chosen.members]
    clearest = sorted(seen, key=lambda one: (-one.quality, one.appearance_id))
    return [(one.appearance_id, one.crops[0]) for one in clearest if one.crops][:BEST_CROPS]


def _moments(session: Session, one: Group) -> int:
    return repeated(session, [moment_of(member.seen) for member in one.members]).count(None)
