"""`nightreel enrol` and `nightreel withdraw`, and the part of them other commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err, out, print_json, table
from errors import BrokerUnavailable, UnusablePhoto
from pipeline.clock import utc_now
from pipeline.enrol import Enrolled, enrol_person
from pipeline.withdraw import withdraw as take_back
from storage.cases import case_in_force, find_case
from storage.database import reading
from tasks.people import ask_for_people
from worker.resources import resources

WITH_GAPS = 3


def enrol(
    name: Annotated[str, typer.Argument(help="The person's name in this case.")],
    photos: Annotated[
        list[Path], typer.Argument(help="Reference photos, one face each.", readable=False)
    ],
    case: Annotated[str, typer.Option(help="Reference of a case in force.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whom a case looks for; each photo gets a verdict, and the good ones are searched with."""
    enrolled = enrol_for(case, name, photos)
    _ask([enrolled.person_id])
    if as_json:
        print_json(
            {
                "person": name,
                "case": case,
                "photos": [
                    {"name": one.name, "usable": one.usable, "verdict": one.verdict}
                    for one in enrolled.portraits
                ],
            }
        )
    else:
        out.print(_verdicts(enrolled))
    if not all(one.usable for one in enrolled.portraits):
        raise typer.Exit(WITH_GAPS)


def withdraw(
    name: Annotated[str, typer.Argument(help="The person's name in this case.")],
    photo: Annotated[
        str, typer.Argument(help="The photo: its file, its name, or how its sha256 begins.")
    ],
    case: Annotated[str, typer.Option(help="Reference of the case.")],
) -> None:
    """Take a reference photo back: what it had found is compared with the person's others."""
    mine = resources()
    with reading(mine.database) as session:
        case_id = find_case(session, case).id
    person_id = take_back(name, photo, case_id=case_id, database=mine.database, actor=actor())
    err.print("Withdrawn; `nightreel changes` says what that changed once it was compared.")
    _ask([person_id])


def _ask(people: Sequence[int]) -> None:
    try:
        ask_for_people(people)
    except BrokerUnavailable:
        err.print("No workers are running; footage is compared as soon as `nightreel up` is.")


def enrol_for(case: str, name: str, photos: Sequence[Path]) -> Enrolled:
    """Enrol a person in a case. Raises NotAuthorised, UnusablePhoto when no photo can be used."""
    mine = resources()
    with reading(mine.database) as session:
        found = case_in_force(session, case, now=utc_now())
    enrolled = enrol_person(
        name, photos, case_id=found.id, engine=mine.photo_engine(), tools=mine.tools, actor=actor()
    )
    if not any(one.usable for one in enrolled.portraits):
        reasons = "; ".join(f"{one.name}: {one.verdict}" for one in enrolled.portraits)
        raise UnusablePhoto(f"No photo of {name} can be searched with. {reasons}")
    return enrolled


def _verdicts(enrolled: Enrolled) -> object:
    shown = table("", "photo", "verdict", "#quality")
    for one in enrolled.portraits:
        shown.add_row(one.name, one.verdict, f"{one.quality:.2f}" if one.usable else "")
    return shown
