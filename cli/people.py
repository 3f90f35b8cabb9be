"""`nightreel enrol` and `nightreel withdraw`, and the part of them other commands share."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import actor
from cli.output import err, out, print_json, table
from errors import BrokerUnavailable, UnusablePhoto
from pipeline.clock import utc_now
from pipeline.governance.cases import require_case
from pipeline.people.enrol import Enrolled, enrol_person
from pipeline.people.withdraw import withdraw as take_back
from pipeline.people.withdraw import withdraw_person
from storage.access.audit import Action
from storage.cases.cases import find_case
from storage.cases.people import Standing
from storage.database.database import reading
from storage.tables import Category
from tasks.people import ask_for_people
from worker.resources import resources

WITH_GAPS = 3


def enrol(
    name: Annotated[str, typer.Argument(help="The person's name in this case.")],
    photos: Annotated[
        list[Path], typer.Argument(help="Reference photos, one face each.", readable=False)
    ],
    case: Annotated[str, typer.Option(help="Reference of a case in force.")],
    category: Annotated[
        Category | None, typer.Option(help="What the person is to the case; else `other`.")
    ] = None,
    review_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days until it is to be looked at again, else the case's."),
    ] = None,
    photo_source: Annotated[str | None, typer.Option(help="Where the photos are from.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say whom a case looks for; each photo gets a verdict, and the good ones are searched with."""
    standing = _standing(category, review_days)
    enrolled = enrol_for(case, name, photos, standing, photo_source)
    ask_for([enrolled.person_id])
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
        out.print(verdict_table(enrolled))
    if not all(one.usable for one in enrolled.portraits):
        raise typer.Exit(WITH_GAPS)


def withdraw(
    name: Annotated[str, typer.Argument(help="The person's name in this case.")],
    photo: Annotated[
        str,
        typer.Argument(help="One photo: its file, its name, or how its sha256 begins; else all."),
    ] = "",
    *,
    case: Annotated[str, typer.Option(help="Reference of the case.")],
) -> None:
    """Look for somebody no longer, or take one reference photo back."""
    database, now = resources().database, utc_now()
    if not photo:
        withdraw_person(name, case=case, actor=actor(), database=database, now=now)
        err.print(f"Case {case} no longer looks for {name}.")
        return
    with reading(database) as session:
        case_id = find_case(session, case).id
    person_id = take_back(name, photo, case_id=case_id, database=database, actor=actor())
    err.print("Withdrawn; `nightreel changes` says what that changed once it was compared.")
    ask_for([person_id])


def ask_for(people: Sequence[int]) -> None:
    """Have people compared with all that is kept; say so when that cannot be asked for now."""
    try:
        ask_for_people(people)
    except BrokerUnavailable:
        err.print("No workers are running; footage is compared as soon as `nightreel up` is.")


def enrol_for(
    case: str,
    name: str,
    photos: Sequence[Path],
    standing: Standing | None = None,
    photo_source: str | None = None,
) -> Enrolled:
    """Enrol a person in a case. Raises NotAuthorised, UnusablePhoto when no photo can be used."""
    mine, who = resources(), actor()
    enrolling = Action.PERSON_ENROLLED
    found = require_case(case, enrolling, actor=who, database=mine.database, now=utc_now())
    enrolled = enrol_person(
        name,
        photos,
        case_id=found.id,
        engine=mine.photo_engine(),
        context=mine.context,
        actor=who,
        standing=standing,
        photo_source=photo_source,
    )
    if not any(one.usable for one in enrolled.portraits):
        reasons = "; ".join(f"{one.name}: {one.verdict}" for one in enrolled.portraits)
        raise UnusablePhoto(f"No photo of {name} can be searched with. {reasons}")
    return enrolled


def _standing(category: Category | None, review_days: int | None) -> Standing | None:
    if category is None and review_days is None:
        return None
    review_at = utc_now() + timedelta(days=review_days) if review_days else None
    return Standing(category or Category.OTHER, review_at)


def verdict_table(enrolled: Enrolled) -> object:
    """What was said of each photo."""
    shown = table("", "photo", "verdict", "#quality")
    for one in enrolled.portraits:
        shown.add_row(one.name, one.verdict, f"{one.quality:.2f}" if one.usable else "")
    return shown
