"""The audit log: every act on a case and its people, appended in the act's own transaction.

It holds ids, digests, codes and numbers; never a name, a vector or a picture.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from storage.access.chain import BEGINNING, Entry, JsonValue, canonical, hash_of, stamp
from storage.database.dialect import dialect_of
from storage.tables import AuditEntry

_LOCK = 0x4E5241  # any number, as long as every process takes the same one
_AT_ONCE = 10_000


class Action(StrEnum):
    """The actions that are audited."""

    CASE_OPENED = "case_opened"
    CASE_CHANGED = "case_changed"
    CASE_CLOSED = "case_closed"
    CASE_VIEWED = "case_viewed"
    CASE_AUTHORISED = "case_authorised"
    AUTHORISATION_REFUSED = "authorisation_refused"
    PERSON_ENROLLED = "person_enrolled"
    PERSON_WITHDRAWN = "person_withdrawn"
    PERSON_REVIEWED = "person_reviewed"
    RECORDING_ADDED = "recording_added"
    RECORDING_DATED = "recording_dated"
    SEARCHED = "searched"
    MATCHED = "matched"
    CALIBRATED = "calibrated"
    CANDIDATES_VIEWED = "candidates_viewed"
    CANDIDATE_VIEWED = "candidate_viewed"
    CROP_VIEWED = "crop_viewed"
    CLIP_VIEWED = "clip_viewed"
    REPORT_WRITTEN = "report_written"
    EXPORTED = "exported"
    IMPORTED = "imported"
    GROUPED = "grouped"
    VERDICT_GIVEN = "verdict_given"
    VERDICT_UNDONE = "verdict_undone"
    QUALITY_OVERRIDDEN = "quality_overridden"
    JOBS_CHANGED = "jobs_changed"
    THRESHOLD_CHANGED = "threshold_changed"
    MODEL_CHANGED = "model_changed"
    SETTING_CHANGED = "setting_changed"
    PURGED = "purged"
    LOGGED_IN = "logged_in"
    LOGGED_OUT = "logged_out"
    LOGIN_REFUSED = "login_refused"
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_CHANGED = "account_changed"
    PASSWORD_CHANGED = "password_changed"
    TOKEN_CREATED = "token_created"
    TOKEN_REVOKED = "token_revoked"
    AUDIT_VIEWED = "audit_viewed"
    AUDIT_EXPORTED = "audit_exported"
    BACKED_UP = "backed_up"
    RESTORED = "restored"
    REFUSED = "refused"
    """An attempt that was not allowed; `attempt` names the action."""


ACTOR = re.compile(r"worker|anonymous|(account|token|uid):\d+")
"""Who acts: a worker, a user not logged in, an account, an API token, a user of the machine."""
CODES = frozenset(
    [
        "attempt", "basis", "category", "decision", "engine", "field", "form", "kind", "mode",
        "outcome", "reason", "role", "setting", "state", "verdict", "what",
    ]
)  # fmt: skip
"""Objects whose value is one of the program's own words."""
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+-]{0,63}")
_OPAQUE = re.compile(r"[0-9a-f]{8,128}|[0-9a-f-]{36}|\d{4}-\d\d-\d\dT[\d:.]+(Z|\+00:00)")


def record(
    session: Session,
    *,
    actor: str,
    action: str,
    case_id: int | None = None,
    objects: Mapping[str, JsonValue] | None = None,
    now: datetime,
) -> int:
    """Append one entry to the log, in the transaction of the act; returns its position.

    Call it last: it waits until the transaction that recorded the previous entry has ended.
    `objects` are ids, digests, times, numbers, and words of the program under a name in `CODES`.
    Raises ValueError for anything else; the message does not repeat it.
    """
    _check(actor, action, objects or {})
    session.flush()  # write the audited rows before the entry
    position, previous = _end_of_chain(session)
    content = canonical(objects or {})
    at = stamp(now)
    digest = hash_of(previous, position, at, actor, action, case_id, content)
    row = {"id": position, "at": now, "actor": actor, "action": action, "case_id": case_id}
    table = insert(AuditEntry.__table__)  # type: ignore[attr-defined]
    session.connection().execute(table, row | {"objects": content, "hash": digest})
    return position


def entries(session: Session, *, after: int = 0, limit: int | None = None) -> Iterator[Entry]:
    """At most `limit` entries in order, after position `after`; read in batches."""
    statement = (
        select(AuditEntry.__table__)  # type: ignore[attr-defined]
        .where(col(AuditEntry.id) > after)
        .order_by(col(AuditEntry.id))
        .limit(limit)
        .execution_options(yield_per=_AT_ONCE)
    )
    with session.execute(statement) as rows:  # closed even if the caller does not read to the end
        for id, at, actor, action, case_id, objects, digest in rows:
            yield Entry(id, stamp(at), actor, action, case_id, objects, digest)


def newest(
    session: Session,
    *,
    limit: int,
    before: int | None = None,
    case_id: int | None = None,
    action: str = "",
) -> list[Entry]:
    """At most `limit` entries, newest first; only those before a position, of one case or of one
    action, if given."""
    table = AuditEntry.__table__  # type: ignore[attr-defined]
    statement = select(table).order_by(col(AuditEntry.id).desc()).limit(limit)
    if before is not None:
        statement = statement.where(col(AuditEntry.id) < before)
    if case_id is not None:
        statement = statement.where(col(AuditEntry.case_id) == case_id)
    if action:
        statement = statement.where(col(AuditEntry.action) == action)
    return [
        Entry(id, stamp(at), actor, action, case_id, objects, digest)
        for id, at, actor, action, case_id, objects, digest in session.execute(statement)
    ]


def acts_on(session: Session, case_id: int, action: Action) -> list[tuple[str, str]]:
    """Actor and objects of every entry of one case and one action, in order."""
    statement = select(AuditEntry.actor, AuditEntry.objects).where(
        col(AuditEntry.case_id) == case_id, col(AuditEntry.action) == action.value
    )
    return list(session.exec(statement.order_by(col(AuditEntry.id))))


def no_earlier(session: Session, now: datetime) -> datetime:
    """`now`, or the time of the last entry if that is later.

    So setting the clock back brings nothing back into force.
    """
    last = select(AuditEntry.at).order_by(col(AuditEntry.id).desc()).limit(1)
    written_at = session.exec(last).first()
    return now if written_at is None else max(now, written_at.astimezone(now.tzinfo))


def number_of_entries(session: Session) -> int:
    """The number of entries, which is the position of the last one."""
    return session.exec(select(func.coalesce(func.max(AuditEntry.id), 0))).one()


def _end_of_chain(session: Session) -> tuple[int, str]:
    """Position and previous hash of the next entry; locks the log until the commit."""
    dialect_of(session).lock(session.connection(), _LOCK)
    last = select(AuditEntry.id, AuditEntry.hash).order_by(col(AuditEntry.id).desc()).limit(1)
    entry = session.exec(last).first()
    return (entry[0] + 1, entry[1]) if entry else (1, BEGINNING)


def _check(actor: str, action: str, objects: Mapping[str, JsonValue]) -> None:
    if not ACTOR.fullmatch(actor):
        raise ValueError("an actor is `account:ID`, `token:ID`, `uid:N`, `worker` or `anonymous`")
    if action not in set(Action):
        raise ValueError(f"{action} is not an action of the audit log")
    for name, value in objects.items():
        if not _NAME.fullmatch(name) or not _may_be_kept(name, value):
            raise ValueError("an object of the audit log is an id, a digest, a code or a number")


def _may_be_kept(name: str, value: JsonValue) -> bool:
    if isinstance(value, list):
        # A list of numbers could be a vector, so only lists named as ids are allowed.
        return name.endswith(("_ids", "_sha256s", "_keys")) and all(
            isinstance(item, int) or _is_opaque(item) for item in value
        )
    if isinstance(value, str):
        return _is_opaque(value) or (name in CODES and bool(_CODE.fullmatch(value)))
    return value is None or isinstance(value, int | float)


def _is_opaque(value: object) -> bool:
    return isinstance(value, str) and bool(_OPAQUE.fullmatch(value))
