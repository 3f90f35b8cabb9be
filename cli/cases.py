"""`nightreel case open|list|show|authorise|change|close|bases`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.actor import caller
from cli.case_words import (
    about_lock,
    case_document,
    case_table,
    people_table,
    person_document,
    terms_table,
)
from cli.output import err, out, print_json, table
from errors import WrongUsage
from pipeline.governance import cases
from storage.access.audit import Action
from storage.cases.case_terms import Authorisation, Change
from storage.cases.cases import EVER
from worker.resources import resources

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reference = Annotated[str, typer.Argument(help="The case's reference, e.g. 2026-117.")]
Source = typer.Option(
    "--source",
    help="Which footage: a folder (`station`: every folder of that name; `/footage/station`: that "
    "one), `added` for footage added for the case, `*` for the whole archive; repeatable.",
)
From = typer.Option(
    "--from", formats=MOMENTS, help="Footage recorded from then on, in UTC; default: any."
)
Until = typer.Option(
    "--to", formats=MOMENTS, help="Footage recorded before then, in UTC; default: any."
)
ApprovalReference = typer.Option("--authorisation", help="Reference of the authorisation.")
Authority = typer.Option("--authorised-by", help="Who authorised it.")
At = typer.Option(
    "--authorised-at", formats=MOMENTS, help="Date of authorisation, in UTC; default: now."
)
Days = typer.Option(min=1, help="Valid for this many days from now.")


def open_case(
    reference: Reference,
    legal_basis: Annotated[str, typer.Option(help="A code listed by `case bases`.")],
    purpose: Annotated[str, typer.Option(help="Purpose of the search.")],
    requested_by: Annotated[str, typer.Option(help="Who requested it.")],
    source: Annotated[list[str], Source],
    footage_from: Annotated[datetime | None, From] = None,
    footage_until: Annotated[datetime | None, Until] = None,
    days: Annotated[int, Days] = 30,
    basis_note: Annotated[str, typer.Option(help="Note on the legal basis.")] = "",
    authorisation: Annotated[str, ApprovalReference] = "",
    authorised_by: Annotated[str, Authority] = "",
    authorised_at: Annotated[datetime | None, At] = None,
    urgent: Annotated[
        bool,
        typer.Option(
            "--urgent", help="Start now; the case locks unless authorised within 48 hours."
        ),
    ] = False,
    allow_grouping: Annotated[
        bool, typer.Option("--allow-grouping", help="Allow grouping of unknown faces.")
    ] = False,
) -> None:
    """Open a case; every search needs one."""
    asked = caller()
    case = cases.open_case(
        asked,
        reference,
        cases.Terms(
            legal_basis=legal_basis,
            purpose=purpose,
            requested_by=requested_by,
            sources=source,
            expires_at=asked.now + timedelta(days=days),
            footage_from=_utc(footage_from) if footage_from else EVER[0],
            footage_until=_utc(footage_until) if footage_until else EVER[1],
            basis_note=basis_note,
            urgent=urgent,
            allows_grouping=allow_grouping,
        ),
        authorisation=_authorisation(authorisation, authorised_by, authorised_at, asked.now),
        policy=resources().policy,
    )
    err.print(f"Case {reference} is open for {days} days. {about_lock(case)}".strip())


def list_cases(as_json: AsJson = False) -> None:
    """List the cases, newest first."""
    asked = caller()
    listed = cases.list_cases(asked)
    if as_json:
        print_json([case_document(case, asked.now) for case in listed])
        return
    out.print(case_table(listed, asked.now))


def show(reference: Reference, as_json: AsJson = False) -> None:
    """Show a case: legal basis, scope, authorisation and persons of interest."""
    asked = caller()
    case, people = cases.look_at_case(asked, cases.find_case(asked, reference, Action.CASE_VIEWED))
    if as_json:
        print_json(
            case_document(case, asked.now)
            | {"people": [person_document(person) for person in people]}
        )
        return
    out.print(terms_table(case, asked.now))
    out.print(people_table(people, asked.now))


def authorise(
    reference: Reference,
    authorisation: Annotated[str, ApprovalReference] = "",
    authorised_by: Annotated[str, Authority] = "",
    authorised_at: Annotated[datetime | None, At] = None,
    refused: Annotated[
        bool,
        typer.Option(
            "--refused", help="It was refused: end the case and delete its persons of interest."
        ),
    ] = False,
) -> None:
    """Enter the authorisation of a case, or its refusal."""
    asked = caller()
    given = _authorisation(authorisation, authorised_by, authorised_at, asked.now)
    if refused and given is None:
        refusing = Action.AUTHORISATION_REFUSED
        cases.refuse_authorisation(asked, cases.find_case(asked, reference, refusing))
        err.print(
            f"Case {reference} has ended; its persons of interest and candidates were deleted."
        )
    elif given is not None and not refused:
        cases.authorise(asked, cases.find_case(asked, reference, Action.CASE_AUTHORISED), given)
        err.print(f"Case {reference} is authorised.")
    else:
        raise WrongUsage("Give --authorisation and --authorised-by, or --refused.")


def change(
    reference: Reference,
    source: Annotated[list[str] | None, Source] = None,
    footage_from: Annotated[datetime | None, From] = None,
    footage_until: Annotated[datetime | None, Until] = None,
    days: Annotated[int | None, Days] = None,
) -> None:
    """Change the scope or expiry of a case; authorisation, where needed, must be entered again."""
    asked = caller()
    wanted = Change(
        sources=source,
        footage_from=_utc(footage_from) if footage_from else None,
        footage_until=_utc(footage_until) if footage_until else None,
        expires_at=asked.now + timedelta(days=days) if days else None,
    )
    case_id = cases.find_case(asked, reference, Action.CASE_CHANGED)
    case = cases.change_case(asked, case_id, wanted, policy=resources().policy)
    err.print(f"Case {reference} was changed. {about_lock(case)}".strip())


def close(reference: Reference) -> None:
    """Close a case; searches in it end."""
    asked = caller()
    cases.close_case(asked, cases.find_case(asked, reference, Action.CASE_CLOSED))
    err.print(f"Case {reference} is closed.")


def bases(as_json: AsJson = False) -> None:
    """List the legal bases allowed here (NIGHTREEL_LEGAL_BASES)."""
    allowed = resources().policy.bases.values()
    if as_json:
        print_json([asdict(basis) for basis in allowed])
        return
    shown = table("", "code", "authorisation", "meaning")
    for basis in allowed:
        shown.add_row(basis.code, "needed" if basis.needs_authorisation else "", basis.sentence)
    out.print(shown)


def _authorisation(
    reference: str, authority: str, at: datetime | None, now: datetime
) -> Authorisation | None:
    if not reference and not authority:
        return None
    return Authorisation(reference, authority, _utc(at) if at else now)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
