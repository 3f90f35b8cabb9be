"""Export a case's results as a package, with the statement and every candidate."""

import json
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any

from errors import Conflict
from pipeline.act import Caller
from pipeline.judging.listed import Listed, each_listed
from pipeline.judging.review import Rules
from report.calibration import said_of
from report.case_terms import terms
from report.column import plain
from report.columns import PACKAGED
from report.compared import sentences
from report.package import Package, pack, sha256_of
from report.statement import Decided, Line, Looked, Statement, render
from report.table_files import Format, write_rows
from storage.access.accounts import list_accounts
from storage.access.audit import Action
from storage.cases.cases import Case, case_to_read
from storage.database.database import Session, reading
from storage.files.sealed import SealedMedia
from storage.jobs.listing import analyses_concerning
from storage.jobs.progress import outcomes
from storage.results.calibrations import current
from storage.results.case_view import candidate_page, weights_of_case
from storage.results.compared import compared_as_shown
from storage.results.verdicts import Standing, Verdict, overrides, verdicts_of

NOTHING = (
    "No candidate in this case is supported by two reviewers yet, so there is nothing to "
    "export; review its candidates first."
)


def export(caller: Caller, case_id: int, *, media: SealedMedia, rules: Rules) -> Package:
    """A package of a case: the statement, every candidate, and pictures of supported candidates.

    Raises NotAuthorised, Locked, and Conflict if no candidate is supported by two reviewers.
    """
    act, now = caller.act(Action.EXPORTED), caller.now
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, now)
        lines = _lines(session, case_id)
        if not any(line.supported for line in lines):
            raise Conflict(NOTHING)
        about = _about(session, case, lines, rules, now)
    files = _data(lines) | _pictures(lines, media)
    page = render(Statement(**about, contents_sha256=_hash_of(files)))
    package = pack(
        files | {"statement.html": page.encode()}, case=case.reference, made_at=now.isoformat()
    )
    act.note(
        case_id,
        package_sha256=package.sha256,
        candidates=len(lines),
        supported=sum(line.supported for line in lines),
        appearance_ids=[line.listed.row.seen.appearance_id for line in lines],
    )
    return package


def _lines(session: Session, case_id: int) -> list[Line]:
    given, reasons = verdicts_of(session, case_id), overrides(session, case_id)
    names = {account.id: account.name for account in list_accounts(session)}
    return [
        _line(
            listed,
            reasons.get(listed.row.key, ""),
            tuple(_decided(verdict, names) for verdict in given.get(listed.row.key, [])),
        )
        for listed in each_listed(session, case_id, candidate_page(session, case_id))
    ]


def _decided(verdict: Verdict, names: dict[int, str]) -> Decided:
    name = names.get(verdict.account_id, f"account {verdict.account_id}")
    return Decided(name, verdict.decision.value, verdict.decided_at)


def _line(listed: Listed, reason: str, decided: tuple[Decided, ...]) -> Line:
    shown = listed.review_status is Standing.SUPPORTED
    crop = listed.row.seen.crops[0] if shown and listed.row.seen.crops else ""
    reference = (listed.row.reference_crop or "") if shown else ""
    return Line(
        listed=listed,
        override=reason,
        # A first verdict is not revealed to anyone before there is a second.
        verdicts=() if listed.review_status in (Standing.OPEN, Standing.HALF) else decided,
        picture=f"pictures/{crop}" if crop else "",
        reference_picture=f"pictures/{reference}" if reference else "",
    )


def _about(
    session: Session, case: Case, lines: list[Line], rules: Rules, now: datetime
) -> dict[str, Any]:
    rows = [line.listed.row for line in lines]
    with_candidates = {row.person for row in rows}
    with_what = compared_as_shown(session, case, now)
    weights = weights_of_case(session, case.id)
    return {
        "made_at": now,
        "case_reference": case.reference,
        "case": terms(case),
        "engines": tuple((name, ", ".join(hashes)) for name, hashes in weights.items()),
        "lines": tuple(lines),
        "calibration": said_of(current(session, case), rows),
        "compared": sentences(with_what),
        "without": tuple(
            answer.person
            for answer in with_what
            if answer.compared.faces and answer.person not in with_candidates
        ),
        "footage": _footage(session, case),
        "requester_may_review": rules.requester_may_review,
    }


def _footage(session: Session, case: Case) -> tuple[Looked, ...]:
    """Each recording that the case names, as its newest analysis saw it."""
    rows = outcomes(session, analyses_concerning(session, case))
    newest = {row.recording_id: row for row in rows}
    return tuple(
        Looked(row.name, row.sha256, row.duration_ms, row.decoded_ms, len(row.gaps))
        for row in newest.values()
    )


def _data(lines: list[Line]) -> dict[str, bytes]:
    table = BytesIO()
    write_rows(table, lines, PACKAGED, Format.CSV)
    whole = [
        plain(PACKAGED, line) | {"verdicts": [asdict(verdict) for verdict in line.verdicts]}
        for line in lines
    ]
    text = json.dumps(whole, indent=1, ensure_ascii=False, default=datetime.isoformat)
    return {"candidates.csv": table.getvalue(), "candidates.json": text.encode()}


def _pictures(lines: list[Line], media: SealedMedia) -> dict[str, bytes]:
    names = {name for line in lines for name in (line.picture, line.reference_picture) if name}
    return {name: media.read(name.removeprefix("pictures/")) for name in sorted(names)}


def _hash_of(files: dict[str, bytes]) -> str:
    listed = "".join(f"{sha256_of(body)}  {name}\n" for name, body in sorted(files.items()))
    return sha256_of(listed.encode())
