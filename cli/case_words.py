"""A case as `nightreel case` shows it: in words, and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from rich.table import Table

from cli.output import table
from pipeline.names import shown
from report.case_terms import authorisation, terms
from storage.cases.cases import Case
from storage.cases.people import PersonRow
from storage.database.moments import in_utc


def case_table(cases: Iterable[Case], now: datetime) -> Table:
    """Cases, one per row."""
    shown = table("", "reference", "in force", "expires", "legal basis", "purpose", "authorised by")
    for case in cases:
        shown.add_row(
            case.reference,
            "yes" if case.is_in_force(now) else "no",
            in_utc(case.expires_at),
            case.legal_basis,
            case.purpose,
            authorisation(case),
        )
    return shown


def terms_table(case: Case, now: datetime) -> Table:
    """The legal basis and scope of a case."""
    shown = table(f"Case {case.reference}", "", "")
    shown.add_row("in force", "yes" if case.is_in_force(now) else "no")
    for label, value in terms(case):
        shown.add_row(label, value)
    return shown


def people_table(people: Iterable[PersonRow], now: datetime) -> Table:
    """The persons of interest of a case."""
    shown = table("Persons of interest", "name", "category", "review due", "#usable photos")
    for person in people:
        overdue = "" if now < person.review_at else ", overdue: not searched for"
        due = f"{in_utc(person.review_at)}{overdue}"
        shown.add_row(person.name, person.category.value, due, str(person.usable_photos))
    return shown


def about_lock(case: Case) -> str:
    """A sentence if a case's results are locked or will be; otherwise empty."""
    if case.authorisation_refused_at is not None:
        return "Its authorisation was refused."
    if case.locks_at is None:
        return ""
    if case.urgent:
        return f"Results lock on {in_utc(case.locks_at)} unless it is authorised."
    return "Locked until its authorisation is entered."


def case_document(case: Case, now: datetime) -> dict[str, object]:
    """The JSON form of a case."""
    return _plain(asdict(case)) | {
        "sources": [shown(source) for source in case.sources],
        "in_force": case.is_in_force(now),
        "locked": case.is_locked(now),
    }


def person_document(person: PersonRow) -> dict[str, object]:
    """The JSON form of a person of interest."""
    return _plain(asdict(person))


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
