"""`nightreel process`: the main job in one command."""

import getpass
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.actor import caller
from cli.footage import ask_for_new, at_once, check_engine, exit_code, take_in
from cli.output import err, out, print_json
from cli.overlaps import print_links
from cli.people import enrol_for, tell_disagreements
from cli.places import place_of
from cli.progress import wait_for
from cli.report import write_report
from cli.results import (
    as_document,
    end_with,
    outcome_table,
    print_candidates,
)
from cli.services import Services
from errors import BrokerUnavailable, NotAuthorised, WrongUsage
from pipeline.governance import cases
from pipeline.governance.cases import find_case
from pipeline.judging.results import view_candidates
from pipeline.planning.jobs import same_footage_among
from storage.access.audit import Action
from storage.cases.legal_bases import SELF_DECLARED
from storage.cases.sources import ADDED
from tasks.people import ask_for_people
from worker.resources import resources

AD_HOC_DAYS = 30


def process(
    videos: Annotated[
        list[str],
        typer.Argument(
            help="Video files, folders of them, or s3://bucket/key of your own object store."
        ),
    ],
    person: Annotated[list[str], typer.Option("--person", help="NAME=PHOTO[,PHOTO]; repeatable.")],
    case: Annotated[
        str, typer.Option(help="Reference of a case in force; default: one opened for this run.")
    ] = "",
    report: Annotated[Path | None, typer.Option(help="Folder for a report.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Process footage, compare people with it and print the candidates, in one command.

    Starts the services it needs, or uses those of a running `nightreel up`.
    """
    wanted = [_name_and_photos(each) for each in person]
    check_engine()
    with Services() as services:
        case_id = find_case(caller(), case, Action.PERSON_ENROLLED) if case else ad_hoc_case()
        enrolled = [enrol_for(case_id, name, photos) for name, photos in wanted]
        people = [one.person_id for one in enrolled]
        for one in enrolled:
            tell_disagreements(one)
        intake = take_in(map(place_of, videos), at_once(case_id))
        with suppress(BrokerUnavailable):  # upkeep enqueues it again
            ask_for_people(people)
        ask_for_new()
        wait_for(
            intake.analyses,
            people=people,
            meanwhile=services.keep,
        )
    everyone = view_candidates(caller(), case_id, intake.analyses)
    theirs = [each for each in everyone.candidates if each.row.person_id in people]
    compared = [each for each in everyone.compared if each.person_id in people]
    found = replace(everyone, candidates=theirs, compared=compared)
    if as_json:
        print_json(as_document(found))
    else:
        print_candidates(found)
        out.print(outcome_table(intake.analyses, intake.refused))
        print_links(same_footage_among(resources().database, intake.analyses))
    if report:
        err.print(f"Report: {write_report(report, case_id, intake.analyses, intake.refused)[0]}")
    raise typer.Exit(exit_code(intake) or end_with(compared))


def _name_and_photos(given: str) -> tuple[str, Sequence[Path]]:
    name, _, photos = given.partition("=")
    if not name or not photos:
        raise WrongUsage(f"--person {given} is not valid; write NAME=PHOTO[,PHOTO].")
    return name, [Path(photo) for photo in photos.split(",")]


def ad_hoc_case(legal_basis: str = SELF_DECLARED) -> int:
    """Open a case for one run of a command and its footage; returns its id.

    Raises NotAuthorised when the organisation does not allow that.
    """
    asked, policy = caller(), resources().policy
    if legal_basis not in policy.bases:
        raise NotAuthorised(
            f"NIGHTREEL_LEGAL_BASES does not list {legal_basis}; "
            "open a case and name it with --case."
        )
    reference = f"run-{asked.now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    days = min(AD_HOC_DAYS, policy.most_days)
    opened = cases.open_case(
        asked,
        reference,
        cases.Terms(
            legal_basis=legal_basis,
            purpose="a single run of nightreel",
            requested_by=getpass.getuser(),
            sources=[ADDED],
            expires_at=asked.now + timedelta(days=days),
        ),
        policy=policy,
    )
    err.print(f"Case {reference} was opened for this run; it expires in {days} days.")
    return opened.id
