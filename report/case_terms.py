"""The terms of a case in words; the same wherever a case is displayed or exported."""

from pipeline.names import shown
from storage.cases.cases import EVER, Case
from storage.cases.sources import ADDED, ARCHIVE, TEXT, is_one_folder, is_text
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
        ("footage", ", ".join(map(source_in_words, case.sources))),
        ("recording period", period(case)),
    )


def source_in_words(source: str) -> str:
    """What a source of a case covers."""
    if source in SOURCES:
        return SOURCES[source]
    if is_text(source):
        return f"any footage whose path or name contains “{shown(source.removeprefix(TEXT))}”"
    which = "the folder" if is_one_folder(source) else "folders named"
    return f"{which} {shown(source)}"


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


def period(case: Case) -> str:
    """The recording period of a case."""
    since, before = case.footage_from, case.footage_until
    if (since, before) == EVER:
        return "any time"
    if since == EVER[0]:
        return f"before {in_utc(before)}"
    return f"from {in_utc(since)}" if before == EVER[1] else f"{in_utc(since)} to {in_utc(before)}"
