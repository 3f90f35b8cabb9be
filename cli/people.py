"""`nightreel enrol` and `nightreel withdraw`, and the part of them other commands share."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller, now
from cli.output import err, out, print_json, table
from errors import BrokerUnavailable, UnusablePhoto
from pipeline.governance.cases import find_case
from pipeline.people.enrol import Enrolled, enrol_person
from pipeline.people.withdraw import person_called, withdraw_person
from pipeline.people.withdraw import withdraw as take_back
from storage.access.audit import Action
from storage.cases.people import AS_IT_IS, Standing
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
        Category | None, typer.Option(help="Role in the case; default: `other`.")
    ] = None,
    review_days: Annotated[
        int | None,
        typer.Option(min=1, help="Days until review is due; default: the expiry of the case."),
    ] = None,
    photo_source: Annotated[str | None, typer.Option(help="Source of the photos.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add a person of interest to a case; usable photos are compared with all footage."""
    standing = _standing(category, review_days)
    case_id = find_case(caller(), case, Action.PERSON_ENROLLED)
    enrolled = enrol_for(case_id, name, photos, standing, photo_source)
    ask_for([enrolled.person_id])
    if as_json:
        print_json(
            {
                "person": name,
                "case": case,
                "photos": [
                    {"name": photo.name, "usable": photo.usable, "verdict": photo.verdict}
                    for photo in enrolled.portraits
                ],
                "disagreements": list(enrolled.disagreements),
            }
        )
    else:
        out.print(verdict_table(enrolled))
    tell_disagreements(enrolled)
    if not all(photo.usable for photo in enrolled.portraits):
        raise typer.Exit(WITH_GAPS)


def withdraw(
    name: Annotated[str, typer.Argument(help="The person's name in this case.")],
    photo: Annotated[
        str,
        typer.Argument(
            help="One photo: its file, name or the start of its sha256; default: the person."
        ),
    ] = "",
    *,
    case: Annotated[str, typer.Option(help="Reference of the case.")],
) -> None:
    """Remove a person of interest from a case, or withdraw one reference photo."""
    asked = caller()
    case_id = find_case(asked, case, Action.PERSON_WITHDRAWN)
    if not photo:
        withdraw_person(asked, case_id, person_called(asked, case_id, name))
        err.print(f"{name} was removed from case {case}.")
        return
    person_id = take_back(asked, case_id, name, photo)
    err.print("Withdrawn; see `nightreel changes` after the next comparison.")
    ask_for([person_id])


def ask_for(people: Sequence[int]) -> None:
    """Queue the comparison of people with all embeddings; say so if no broker answers."""
    try:
        ask_for_people(people)
    except BrokerUnavailable:
        err.print("No workers are running; the comparison is queued until `nightreel up` runs.")


def enrol_for(
    case_id: int,
    name: str,
    photos: Sequence[Path],
    standing: Standing = AS_IT_IS,
    photo_source: str | None = None,
) -> Enrolled:
    """Enrol a person in a case. Raises NotAuthorised, UnusablePhoto when no photo can be used."""
    mine = resources()
    enrolled = enrol_person(
        caller(),
        case_id,
        name,
        photos,
        engine=mine.photo_engine(),
        context=mine.context,
        standing=standing,
        photo_source=photo_source,
    )
    if not any(photo.usable for photo in enrolled.portraits):
        reasons = "; ".join(f"{photo.name}: {photo.verdict}" for photo in enrolled.portraits)
        raise UnusablePhoto(f"No usable photo of {name}. {reasons}")
    return enrolled


def _standing(category: Category | None, review_days: int | None) -> Standing:
    review_at = now() + timedelta(days=review_days) if review_days else None
    return Standing(category, review_at)


def tell_disagreements(enrolled: Enrolled) -> None:
    """Print a sentence for each two photos that may not show the same person."""
    for sentence in enrolled.disagreements:
        err.print(sentence)


def verdict_table(enrolled: Enrolled) -> object:
    """The assessment of each photo."""
    shown = table("", "photo", "verdict", "#quality")
    for photo in enrolled.portraits:
        shown.add_row(photo.name, photo.verdict, f"{photo.quality:.2f}" if photo.usable else "")
    return shown
