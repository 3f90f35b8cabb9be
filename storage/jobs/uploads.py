"""Uploads: who uploads what, and the result. The length of the file shows the progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, delete, or_, select

from errors import NotFound
from storage import tables
from storage.access.passwords import new_token


class Stage(StrEnum):
    """The stage of an upload."""

    COMING = "coming"
    """Bytes are missing."""
    ARRIVED = "arrived"
    """All bytes are there; the file has not been checked."""
    TAKEN = "taken"
    """It was accepted as footage."""
    REFUSED = "refused"
    """It was checked and rejected, with a reason."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One uploaded file."""

    id: str
    """Random, so that it cannot be guessed."""
    account_id: int
    actor: str
    """The account or one of its tokens, as written in the audit log."""
    case_id: int | None
    name: str
    """As given by its owner, safe to display."""
    size_bytes: int
    stage: Stage
    began_at: datetime
    touched_at: datetime
    """When the last bytes arrived, or its stage changed."""
    recording_id: int | None
    analysis_id: int | None
    known_before: bool
    """Whether the same bytes had already been added."""
    reason: str | None
    """Why it was rejected."""


def begin(
    session: Session,
    *,
    account_id: int,
    actor: str,
    case_id: int | None,
    name: str,
    size_bytes: int,
    now: datetime,
) -> Upload:
    """Register an upload of a file of `size_bytes`."""
    row = tables.Upload(
        id=new_token(),
        account_id=account_id,
        actor=actor,
        case_id=case_id,
        name=name,
        size_bytes=size_bytes,
        stage=Stage.COMING,
        began_at=now,
        touched_at=now,
    )
    session.add(row)
    session.flush()
    return _upload(row)


def find(session: Session, upload_id: str, *, account_id: int) -> Upload:
    """An upload of this account. Raises NotFound, also for another account's upload."""
    row = session.get(tables.Upload, upload_id)
    if row is None or row.account_id != account_id:
        raise NotFound("No such upload, or it has ended; start it again.")
    return _upload(row)


def touch(session: Session, upload_id: str, now: datetime, *, arrived: bool) -> None:
    """Store that bytes arrived; with `arrived`, that they were the last."""
    row = session.get(tables.Upload, upload_id)
    if row is not None and row.stage == Stage.COMING:
        row.touched_at = now
        row.stage = Stage.ARRIVED if arrived else Stage.COMING


def taken(
    session: Session,
    upload_id: str,
    now: datetime,
    *,
    recording_id: int,
    analysis_id: int,
    known_before: bool,
) -> None:
    """Store that an upload was accepted as footage."""
    row = session.get_one(tables.Upload, upload_id)
    row.stage, row.touched_at = Stage.TAKEN, now
    row.recording_id, row.analysis_id = recording_id, analysis_id
    row.known_before = known_before


def refused(session: Session, upload_id: str, now: datetime, reason: str) -> None:
    """Store that an upload was rejected, and why."""
    row = session.get_one(tables.Upload, upload_id)
    row.stage, row.touched_at, row.reason = Stage.REFUSED, now, reason


def forget(session: Session, upload_ids: Sequence[str]) -> None:
    """Delete these uploads, if they exist."""
    session.exec(delete(tables.Upload).where(col(tables.Upload.id).in_(upload_ids)))


def arrived(session: Session) -> list[Upload]:
    """Complete uploads that have not been checked, oldest first."""
    unchecked = select(tables.Upload).where(col(tables.Upload.stage) == Stage.ARRIVED)
    return [_upload(row) for row in session.exec(unchecked.order_by(col(tables.Upload.touched_at)))]


def of_account(session: Session, account_id: int, *, ended_after: datetime) -> list[Upload]:
    """Uploads of an account, newest first; of those that have ended, only those after
    `ended_after`."""
    under_way = col(tables.Upload.stage).in_([Stage.COMING, Stage.ARRIVED])
    statement = select(tables.Upload).where(
        col(tables.Upload.account_id) == account_id,
        or_(under_way, col(tables.Upload.touched_at) > ended_after),
    )
    rows = session.exec(statement.order_by(col(tables.Upload.began_at).desc()))
    return [_upload(row) for row in rows]


def analyses_of(session: Session, account_id: int) -> list[int]:
    """The ids of the analyses of an account's uploads, as long as the uploads are kept."""
    statement = select(tables.Upload.analysis_id).where(
        col(tables.Upload.account_id) == account_id, col(tables.Upload.analysis_id).is_not(None)
    )
    return [id for id in session.exec(statement) if id is not None]


def coming(session: Session) -> list[Upload]:
    """Uploads that are incomplete, as far as is known."""
    incomplete = select(tables.Upload).where(col(tables.Upload.stage) == Stage.COMING)
    return [_upload(row) for row in session.exec(incomplete)]


def abandoned(session: Session, *, before: datetime) -> list[str]:
    """The ids of incomplete uploads whose last bytes arrived before `before`."""
    incomplete = select(tables.Upload.id).where(
        col(tables.Upload.stage) == Stage.COMING, col(tables.Upload.touched_at) < before
    )
    return list(session.exec(incomplete))


def forget_ended(session: Session, *, before: datetime) -> None:
    """Delete uploads that ended before `before`; the footage stays."""
    ended = col(tables.Upload.stage).in_([Stage.TAKEN, Stage.REFUSED])
    session.exec(delete(tables.Upload).where(ended, col(tables.Upload.touched_at) < before))


def _upload(row: tables.Upload) -> Upload:
    return Upload(**row.model_dump() | {"stage": Stage(row.stage)})
