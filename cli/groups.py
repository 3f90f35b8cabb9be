"""`nightreel groups make|list|show|merge|split|promote`."""

from typing import Annotated

import typer

from cli.actor import caller
from cli.output import err, out, print_json, table, table_of
from cli.people import ask_for, tell_disagreements, verdict_table
from errors import WrongUsage
from pipeline.governance.cases import find_case
from pipeline.judging import group
from pipeline.judging.group import Groups
from report.column import plain
from report.columns import MEMBER
from report.timeline import clock
from storage.access.audit import Action
from storage.results.groups import Group
from worker.resources import resources

Case = Annotated[str, typer.Option(help="Reference of a case in force that allows grouping.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[int, typer.Argument(help="Group number, as shown by `list`.")]


def make(case: Case, as_json: AsJson = False) -> None:
    """Group the faces in the case's own footage; earlier merges and splits are kept."""
    card = resources().photo_engine().card
    asked = caller()
    made = group.make_groups(asked, find_case(asked, case, Action.GROUPED), card=card)
    _print(made, as_json)


def list_groups(case: Case, as_json: AsJson = False) -> None:
    """List the groups of a case, largest first."""
    _print(_known(case), as_json)


def show(number: Number, case: Case, as_json: AsJson = False) -> None:
    """List the appearances in a group."""
    found = [each for each in _known(case).groups if each.id == number]
    if not found:
        raise WrongUsage(f"No group {number} in this case; see `groups list`.")
    if as_json:
        print_json([plain(MEMBER, member) for member in found[0].members])
        return
    title = f"Group {number}: appearances that may be one person; needs human review"
    out.print(table_of(title, MEMBER, found[0].members))


def merge(
    numbers: Annotated[list[int], typer.Argument(help="Two or more group numbers.")],
    case: Case,
) -> None:
    """Merge groups into one; later groupings keep them together."""
    asked = caller()
    kept = group.merge_groups(asked, find_case(asked, case, Action.GROUPED), numbers)
    err.print(f"Merged into group {kept}.")


def split(
    number: Number,
    appearances: Annotated[list[int], typer.Argument(help="Appearances that do not belong to it.")],
    case: Case,
) -> None:
    """Split appearances off a group; later groupings keep them apart."""
    asked = caller()
    made = group.split_group(asked, find_case(asked, case, Action.GROUPED), number, appearances)
    err.print(f"Split off as group {made}.")


def promote(
    number: Number,
    name: Annotated[str, typer.Argument(help="Name of the person in the case.")],
    case: Case,
) -> None:
    """Add a group as person of interest, with its best crops as reference photos."""
    mine, asked = resources(), caller()
    case_id = find_case(asked, case, Action.GROUPED)
    enrolled = group.promote_group(
        asked, case_id, number, name, engine=mine.photo_engine(), context=mine.context
    )
    ask_for([enrolled.person_id])
    out.print(verdict_table(enrolled))
    tell_disagreements(enrolled)
    for seen in enrolled.members:
        err.print(f"{seen.recording}, {clock(seen.start_ms)} to {clock(seen.end_ms)}")
    err.print("These appearances are now one person; check that each shows the same.")
    err.print("The appearances these crops come from are excluded from the candidates.")


def _known(case: str) -> Groups:
    asked = caller()
    case_id = find_case(asked, case, Action.CANDIDATES_VIEWED)
    return group.view_groups(asked, case_id, engine=resources().settings.engine)


def _print(known: Groups, as_json: bool) -> None:
    if as_json:
        pairs = zip(known.groups, known.moments, strict=True)
        print_json([_group(one, moments) for one, moments in pairs])
        return
    shown = table(
        "Groups: appearances that may be one person; needs human review",
        *("#group", "#appearances", "#different moments", "#recordings", "person of interest"),
    )
    for one, moments in zip(known.groups, known.moments, strict=True):
        numbers = (one.id, len(one.members), moments, len(_recordings(one)))
        shown.add_row(*map(str, numbers), "yes" if one.person_id else "")
    if not known.groups:
        shown.add_row("none")
    out.print(shown)


def _group(one: Group, moments: int) -> dict[str, object]:
    return {
        "group": one.id,
        "engine": one.engine,
        "appearances": [member.seen.appearance_id for member in one.members],
        "moments": moments,
        "recordings": _recordings(one),
        "person": one.person_id,
    }


def _recordings(one: Group) -> list[str]:
    return list(
        {member.seen.recording_id: member.seen.recording for member in one.members}.values()
    )
