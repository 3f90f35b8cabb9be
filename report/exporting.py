"""Export a case's results as a package, with the statement and every candidate."""

import json
from dataclasses import asdict
from datetime import datetime
from io import BytesIO
from typing import Any

from errors import Conflict
from pipeline.act import Caller
from pipeline.judging.blind import undecided_by
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
from storage.access.tokens import actors_of
from storage.cases.cases import Case, case_to_read
from storage.database.database import Session, reading
from storage.files.sealed import SealedMedia
from storage.jobs.listing import analyses_concerning
from storage.jobs.progress import outcomes
from storage.results.calibrations import current
from storage.results.case_view import candidate_page, weights_of_case
from storage.results.compared import compared_as_shown
from storage.results.requesters import requesters
from storage.results.verdicts import Standing, Verdict, counting, overrides, verdicts_of

NOTHING = (
    "No candidate in this case is supported by two reviewers yet, so there is nothing to "
    "export; review its candidates first."
)
NOT_REVIEWED = (
    "You have yet to review candidates of this case, and a package shows the distance and status "
    "of each. Review them first, or ask a supervisor who is not a reviewer to export."
)
NO_REQUESTER = (
    "By the audit log, no account that gave one of these verdicts had added a photo of the person "
    "or searched for them in this case."
)
AT_THE_MACHINE = (
    "Photos were added, or searches made, on the command line by a user of the machine; which "
    "account that user has, if any, is not known."
)


def export(caller: Caller, case_id: int, *, media: SealedMedia, rules: Rules) -> Package:
    """A package of a case: the statement, every candidate, and pictures of supported candidates.

    Raises NotAuthorised, Locked, and Conflict if no candidate is supported by two reviewers, or if
    the caller has yet to review some: a package is whole, and shows all distances.
    """
    act, now = caller.act(Action.EXPORTED), caller.now
    with act.refusals(case_id), reading(caller.database) as session:
        case = case_to_read(session, case_id, now)
        if undecided_by(session, caller, case, rules):
            raise Conflict(NOT_REVIEWED)
        lines = _lines(session, case_id)
        if not any(line.supported for line in lines):
            raise Conflict(NOTHING)
        about = _about(session, case, lines, now)
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
        _line(listed, reasons.get(listed.row.key, ""), given.get(listed.row.key, []), names)
        for listed in each_listed(session, case_id, candidate_page(session, case_id))
    ]


def _decided(verdict: Verdict, names: dict[int, str]) -> Decided:
    name = names.get(verdict.account_id, f"account {verdict.account_id}")
    seen = verdict.seen
    return Decided(
        account=name,
        decision=verdict.decision.value,
        decided_at=verdict.decided_at,
        engine=seen.engine,
        reference=seen.photo_name,
        reference_sha256=seen.photo_sha256,
        crop=seen.crop,
    )


def _line(listed: Listed, reason: str, given: list[Verdict], names: dict[int, str]) -> Line:
    now = counting(given, listed.row.shown)
    earlier = [verdict for verdict in given if verdict not in now and not verdict.seen.seeded]
    # A first verdict is not revealed to anyone before there is a second.
    final = [] if listed.review_status in (Standing.OPEN, Standing.HALF) else now
    shown = listed.review_status is Standing.SUPPORTED
    crop = listed.row.seen.best_crop if shown else ""
    reference = (listed.row.reference_crop or "") if shown else ""
    return Line(
        listed=listed,
        override=reason,
        verdicts=tuple(_decided(verdict, names) for verdict in final),
        earlier=tuple(_decided(verdict, names) for verdict in earlier),
        picture=f"pictures/{crop}" if crop else "",
        reference_picture=f"pictures/{reference}" if reference else "",
    )


def _about(session: Session, case: Case, lines: list[Line], now: datetime) -> dict[str, Any]:
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
        "requesters": _on_requesters(session, case.id, lines),
    }


def _footage(session: Session, case: Case) -> tuple[Looked, ...]:
    """Each recording that the case names, as its newest analysis saw it."""
    rows = outcomes(session, analyses_concerning(session, case))
    newest = {row.recording_id: row for row in rows}
    return tuple(
        Looked(row.name, row.sha256, row.duration_ms, row.decoded_ms, len(row.gaps))
        for row in newest.values()
    )


def _on_requesters(session: Session, case_id: int, lines: list[Line]) -> tuple[str, ...]:
    """Whether reviewers had asked for the people whose candidates they decided on, by the log."""
    asked = requesters(session, case_id)
    given = verdicts_of(session, case_id)
    names = {account.id: account.name for account in list_accounts(session)}
    actors = {id: set(actors_of(session, id)) for id in names}
    both = {
        (line.listed.row.person, names[verdict.account_id])
        for line in lines
        if line.verdicts
        for verdict in counting(given[line.listed.row.key], line.listed.row.shown)
        if actors[verdict.account_id] & asked[line.listed.row.person_id]
    }
    sentences = [
        f"{name} gave a verdict on candidates for {person}, and had added a photo of {person} or "
        "searched for them."
        for person, name in sorted(both)
    ]
    if not both:
        sentences = [NO_REQUESTER]
    if any(actor.startswith("uid:") for some in asked.values() for actor in some):
        sentences.append(AT_THE_MACHINE)
    return tuple(sentences)


def _data(lines: list[Line]) -> dict[str, bytes]:
    table = BytesIO()
    write_rows(table, lines, PACKAGED, Format.CSV)
    whole = [
        plain(PACKAGED, line)
        | {"verdicts": [asdict(verdict) for verdict in line.verdicts]}
        | {"earlier_verdicts": [asdict(verdict) for verdict in line.earlier]}
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
