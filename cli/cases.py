"""`nightreel case open|list|show|authorise|change|close|bases`."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cli.actor import actor
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
from pipeline.clock import utc_now
from pipeline.governance import cases
from storage.cases.case_terms import Authorisation, Change
from worker.resources import resources

MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Reference = Annotated[str, typer.Argument(help="The case's reference, e.g. 2026-117.")]
Source = typer.Option(
    "--source",
    help="Where its footage is from: a part of the path or name of recordings, `added` for what is "
    "added for the case, `*` for the whole archive; may be given again.",
)
From = typer.Option("--from", formats=MOMENTS, help="Footage recorded since then, in UTC.")
Until = typer.Option("--to", formats=MOMENTS, help="Footage recorded before then, in UTC.")
ApprovalReference = typer.Option("--authorisation", help="Reference of the authorisation.")
Authority = typer.Option("--authorised-by", help="Who gave it.")
At = typer.Option("--authorised-at", formats=MOMENTS, help="When, in UTC; else now.")
Days = typer.Option(min=1, help="Days until it expires, from now.")


def open_case(
    reference: Reference,
    legal_basis: Annotated[str, typer.Option(help="A code of `case bases`.")],
    purpose: Annotated[str, typer.Option(help="What it is for.")],
    requested_by: Annotated[str, typer.Option(help="Who asks for it.")],
    source: Annotated[list[str], Source],
    footage_from: Annotated[datetime, From],
    footage_until: Annotated[datetime, Until],
    days: Annotated[int, Days] = 30,
    basis_note: Annotated[str, typer.Option(help="More on the legal basis.")] = "",
    authorisation: Annotated[str, ApprovalReference] = "",
    authorised_by: Annotated[str, Authority] = "",
    authorised_at: Annotated[datetime | None, At] = None,
    urgent: Annotated[
        bool, typer.Option("--urgent", help="Begin now; authorised within 48 hours, or locked.")
    ] = False,
    allow_grouping: Annotated[
        bool, typer.Option("--allow-grouping", help="Unknown faces may be grouped.")
    ] = False,
) -> None:
    """Open a case: nobody is searched for without one."""
    now = utc_now()
    case = cases.open_case(
        reference,
        cases.Terms(
            legal_basis=legal_basis,
            purpose=purpose,
            requested_by=requested_by,
            sources=source,
            expires_at=now + timedelta(days=days),
            footage_from=_utc(footage_from),
            footage_until=_utc(footage_until),
            basis_note=basis_note,
            urgent=urgent,
            allows_grouping=allow_grouping,
        ),
        authorisation=_authorisation(authorisation, authorised_by, authorised_at, now),
        policy=resources().policy,
        actor=actor(),
        database=resources().database,
        now=now,
    )
    err.print(f"Case {reference} is open for {days} days. {about_lock(case)}".strip())


def list_cases(as_json: AsJson = False) -> None:
    """Every case, the newest first."""
    now = utc_now()
    found = cases.list_cases(actor=actor(), database=resources().database, now=now)
    if as_json:
        print_json([case_document(one, now) for one in found])
        return
    out.print(case_table(found, now))


def show(reference: Reference, as_json: AsJson = False) -> None:
    """What a case allows until when, who authorised it, and whom it looks for."""
    now = utc_now()
    case, people = cases.look_at_case(
        reference, actor=actor(), database=resources().database, now=now
    )
    if as_json:
        print_json(case_document(case, now) | {"people": [person_document(one) for one in people]})
        return
    out.print(terms_table(case, now))
    out.print(people_table(people, now))


def authorise(
    reference: Reference,
    authorisation: Annotated[str, ApprovalReference] = "",
    authorised_by: Annotated[str, Authority] = "",
    authorised_at: Annotated[datetime | None, At] = None,
    refused: Annotated[
        bool,
        typer.Option("--refused", help="It was refused: end the case, erase whom it looks for."),
    ] = False,
) -> None:
    """Enter the authorisation that a case needs, or that it was refused."""
    now, database = utc_now(), resources().database
    given = _authorisation(authorisation, authorised_by, authorised_at, now)
    if refused and given is None:
        cases.refuse_authorisation(reference, actor=actor(), database=database, now=now)
        err.print(f"Case {reference} has ended; whom it looked for and what was found is erased.")
    elif given is not None and not refused:
        cases.authorise(reference, given, actor=actor(), database=database, now=now)
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
    """Give a case other footage or another end; its authorisation is to be entered anew."""
    now = utc_now()
    wanted = Change(
        sources=source,
        footage_from=_utc(footage_from) if footage_from else None,
        footage_until=_utc(footage_until) if footage_until else None,
        expires_at=now + timedelta(days=days) if days else None,
    )
    case = cases.change_case(
        reference,
        wanted,
        policy=resources().policy,
        actor=actor(),
        database=resources().database,
        now=now,
    )
    err.print(f"Case {reference} was changed. {about_lock(case)}".strip())


def close(reference: Reference) -> None:
    """Close a case: nobody is searched for in it any more."""
    cases.close_case(reference, actor=actor(), database=resources().database, now=utc_now())
    err.print(f"Case {reference} is closed.")


def bases(as_json: AsJson = False) -> None:
    """What may allow a search here, as NIGHTREEL_LEGAL_BASES says."""
    known = resources().policy.bases.values()
    if as_json:
        print_json([asdict(one) for one in known])
        return
    shown = table("", "code", "authorisation", "meaning")
    for one in known:
        shown.add_row(one.code, "needed" if one.needs_authorisation else "", one.sentence)
    out.print(shown)


def _authorisation(
    reference: str, authority: str, at: datetime | None, now: datetime
) -> Authorisation | None:
    if not reference and not authority:
        return None
    return Authorisation(reference, authority, _utc(at) if at else now)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)
