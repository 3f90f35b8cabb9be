"""The terms of a case in words; the same wherever a case is displayed or exported."""

from storage.cases.cases import EVER, Case
from storage.cases.scope import ADDED, ARCHIVE
from storage.database.moments import in_utc

SOURCES = {ADDED: "footage added for the case", ARCHIVE: "the whole archive"}


def terms(case: Case) -> tuple[tuple[str, str], ...]:
    """The terms of a case as (label, value)."""
    return (
        ("legal basis", f"{case.legal_basis} {case.basis_note}".strip()),
        ("purpose", case.purpose),
        ("requested by", case.requested_by),
        ("authorised by", authorisation(case)),
        ("valid", f"{in_utc(case.opened_at)} to {in_utc(case.expires_at)}"),
        ("footage", ", ".join(SOURCES.get(source, source) for source in case.sources)),
        ("recording period", _period(case)),
    )


def authorisation(case: Case) -> str:
    """Who authorised a case, or what is missing."""
    if case.authorised_at is not None:
        at = in_utc(case.authorised_at)
        return f"{case.authorised_by}, {case.authorisation_reference}, {at}"
    if case.authorisation_refused_at is not None:
        return f"none; refused on {in_utc(case.authorisation_refused_at)}"
    if case.locks_at is not None:
        return f"none yet; locked from {in_utc(case.locks_at)} until authorised"
    return "not needed for this legal basis"


def _period(case: Case) -> str:
    since, before = case.footage_from, case.footage_until
    if (since, before) == EVER:
        return "any"
    if since == EVER[0]:
        return f"before {in_utc(before)}"
    return f"from {in_utc(since)}" if before == EVER[1] else f"{in_utc(since)} to {in_utc(before)}"
