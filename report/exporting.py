"""What two people support is taken elsewhere: a package with its statement and every candidate."""

import json
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any

from errors import Conflict
from pipeline.act import Act
from pipeline.judging.review import Rules
from report.calibration import said_of
from report.package import Package, pack, sha256_of
from report.sheets import Format, write_rows
from report.statement import Decided, Line, Looked, Statement, render
from storage.access.accounts import list_accounts
from storage.access.audit import Action
from storage.cases.case_ids import case_to_read_by_id
from storage.cases.cases import Case
from storage.cases.people import people_in
from storage.database.database import Engine, Session, reading
from storage.files.sealed import SealedMedia
from storage.jobs.listing import analyses_of_case
from storage.jobs.progress import outcomes
from storage.results.calibrations import current
from storage.results.candidates import CandidateRow
from storage.results.case_view import candidate_page, weights_of_case
from storage.results.verdicts import Key, Standing, Verdict, overrides, standings, verdicts_of

FIELDS = tuple(name for name in Line.__slots__ if name not in ("verdicts",))
NOTHING = (
    "Nothing in this case is supported by two people yet, so there is nothing to export; "
    "review its candidates first."
)


def export(
    database: Engine,
    media: SealedMedia,
    case_id: int,
    *,
    rules: Rules,
    actor: str,
    now: datetime,
) -> Package:
    """A package of a case: the statement, every candidate, and the pictures of those supported.

    Raises NotAuthorised, Locked, and Conflict where two people support nothing.
    """
    act = Act(database, actor, Action.EXPORTED, now)
    with act.refusals(case_id), reading(database) as session:
        case = case_to_read_by_id(session, case_id, now)
        rows = candidate_page(session, case_id)
        lines = _lines(session, case_id, rows)
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
        appearance_ids=[row.appearance_id for row in rows],
    )
    return package


def _lines(session: Session, case_id: int, rows: list[CandidateRow]) -> list[Line]:
    known, given = standings(session, case_id), verdicts_of(session, case_id)
    reasons = overrides(session, case_id)
    names = {account.id: account.name for account in list_accounts(session)}
    lines = []
    for row in rows:
        key = Key(row.person_id, row.appearance_id)
        standing = known.get(key, Standing.OPEN)
        # One verdict alone is nobody's business before there is a second.
        final = given.get(key, []) if standing not in (Standing.OPEN, Standing.HALF) else []
        decided = tuple(_decided(one, names) for one in final)
        lines.append(_line(row, standing, reasons.get(key, ""), decided))
    return lines


def _decided(verdict: Verdict, names: dict[int, str]) -> Decided:
    name = names.get(verdict.account_id, f"account {verdict.account_id}")
    return Decided(name, verdict.decision.value, verdict.decided_at)


def _line(row: CandidateRow, standing: Standing, reason: str, decided: tuple[Decided, ...]) -> Line:
    own = {name: getattr(row, name) for name in Line.__slots__ if name in CandidateRow.__slots__}
    shown = standing is Standing.SUPPORTED
    crop = row.crops[0] if shown and row.crops else ""
    reference = (row.reference_crop or "") if shown else ""
    return Line(
        **own,
        standing=standing.value,
        override=reason,
        verdicts=decided,
        picture=f"pictures/{crop}" if crop else "",
        reference_picture=f"pictures/{reference}" if reference else "",
        provenance=row.provenance,
    )


def _about(
    session: Session, case: Case, lines: list[Line], rules: Rules, now: datetime
) -> dict[str, Any]:
    found = {line.person for line in lines}
    weights = weights_of_case(session, case.id)
    return {
        "made_at": now,
        "case_reference": case.reference,
        "case": _terms(case),
        "engines": tuple((name, ", ".join(hashes)) for name, hashes in weights.items()),
        "lines": tuple(lines),
        "calibration": said_of(current(session, case.id), lines),
        "without": tuple(p.name for p in people_in(session, case.id) if p.name not in found),
        "footage": tuple(
            Looked(one.name, one.sha256, one.duration_ms, one.decoded_ms, len(one.gaps))
            for one in outcomes(session, analyses_of_case(session, case.id))
        ),
        "requester_may_review": rules.requester_may_review,
    }


def _terms(case: Case) -> tuple[tuple[str, str], ...]:
    authorised = case.authorised_by or ("nobody yet" if case.needs_authorisation else "not needed")
    return (
        ("legal basis", f"{case.legal_basis} {case.basis_note}".strip()),
        ("purpose", case.purpose),
        ("asked for by", case.requested_by),
        ("authorised by", authorised),
        ("from", f"{case.opened_at:%Y-%m-%d %H:%M} UTC"),
        ("until", f"{case.expires_at:%Y-%m-%d %H:%M} UTC"),
    )


def _data(lines: list[Line]) -> dict[str, bytes]:
    table = BytesIO()
    write_rows(table, lines, FIELDS, Format.CSV)
    whole = [asdict(line) for line in lines]
    text = json.dumps(whole, indent=1, ensure_ascii=False, default=datetime.isoformat)
    return {"candidates.csv": table.getvalue(), "candidates.json": text.encode()}


def _pictures(lines: list[Line], media: SealedMedia) -> dict[str, bytes]:
    names = {name for line in lines for name in (line.picture, line.reference_picture) if name}
    return {name: media.read(name.removeprefix("pictures/")) for name in sorted(names)}


def _hash_of(files: dict[str, bytes]) -> str:
    listed = "".join(f"{sha256_of(body)}  {name}\n" for name, body in sorted(files.items()))
    return sha256_of(listed.encode())
