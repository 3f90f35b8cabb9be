"""A case as `nightreel case` shows it: in words, and as JSON."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from rich.table import Table

from cli.output import table
from storage.cases.cases import EVER, Case
from storage.cases.people import PersonRow


def case_table(cases: Iterable[Case], now: datetime) -> Table:
    """Cases, one a row."""
    shown = table("", "reference", "in force", "expires", "legal basis", "purpose", "authorised by")
    for one in cases:
        shown.add_row(
            one.reference,
            "yes" if one.is_in_force(now) else "no",
            _minute(one.expires_at),
            one.legal_basis,
            one.purpose,
            _authorised(one),
        )
    return shown


def terms_table(case: Case, now: datetime) -> Table:
    """What a case allows, until when, and who authorised it."""
    ever = (case.footage_from, case.footage_until) == EVER
    window = f"{_minute(case.footage_from)} to {_minute(case.footage_until)}"
    shown = table(f"Case {case.reference}", "", "")
    shown.add_row("in force", "yes" if case.is_in_force(now) else "no")
    shown.add_row("expires", _minute(case.expires_at))
    shown.add_row("legal basis", f"{case.legal_basis} {case.basis_note}".strip())
    shown.add_row("purpose", case.purpose)
    shown.add_row("requested by", case.requested_by)
    shown.add_row("authorised by", _authorised(case))
    shown.add_row("footage from", ", ".join(case.sources))
    shown.add_row("recorded", "at any time" if ever else window)
    return shown


def people_table(people: Iterable[PersonRow], now: datetime) -> Table:
    """Whom a case looks for."""
    shown = table("Looks for", "name", "category", "to be reviewed by", "#usable photos")
    for one in people:
        due = f"{_minute(one.review_at)}{'' if now < one.review_at else ', left out now'}"
        shown.add_row(one.name, one.category.value, due, str(one.usable_photos))
    return shown


def about_lock(case: Case) -> str:
    """Whether a case's results are locked, or will be; empty where they are not."""
    if case.authorisation_refused_at is not None:
        return "Its authorisation was refused."
    if case.locks_at is None:
        return ""
    if case.urgent:
        return f"Its results are locked on {_minute(case.locks_at)} unless it is authorised."
    return "It is locked until its authorisation is entered."


def case_document(case: Case, now: datetime) -> dict[str, object]:
    """A case as JSON has it."""
    return _plain(asdict(case)) | {
        "in_force": case.is_in_force(now),
        "locked": case.is_locked(now),
    }


def person_document(person: PersonRow) -> dict[str, object]:
    """Somebody a case looks for, as JSON has it."""
    return _plain(asdict(person))


def _authorised(case: Case) -> str:
    if case.authorised_by is not None:
        return f"{case.authorised_by}, {case.authorisation_reference}"
    return about_lock(case) or "not needed"


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _plain(values: dict[str, object]) -> dict[str, object]:
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in values.items()
    }
