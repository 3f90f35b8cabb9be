"""Uploads: who hands what in, and what became of it. How far it has come, its file says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlmodel import Session, col, delete, or_, select

from errors import NotFound
from storage import tables
from storage.access.passwords import new_token


class Stage(StrEnum):
    """Where an upload stands."""

    COMING = "coming"
    """Bytes are missing."""
    ARRIVED = "arrived"
    """All bytes are there; nobody has looked at them."""
    TAKEN = "taken"
    """It is footage of ours now."""
    REFUSED = "refused"
    """It was looked at and not taken, with a reason."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One file that somebody hands in."""

    id: str
    """Random: whoever does not know it cannot guess it."""
    account_id: int
    actor: str
    """Of the account, as the audit log writes it: itself or one of its tokens."""
    case_id: int | None
    name: str
    """As its owner calls it, safe to show."""
    size_bytes: int
    stage: Stage
    began_at: datetime
    touched_at: datetime
    """When bytes came last, or its stage changed."""
    recording_id: int | None
    analysis_id: int | None
    known_before: bool
    """Whether the same bytes had been handed in already."""
    reason: str | None
    """Why it was refused."""


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
    """Expect a file of this many bytes."""
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
    """An upload of one's own. Raises NotFound, for anybody else's too."""
    row = session.get(tables.Upload, upload_id)
    if row is None or row.account_id != account_id:
        raise NotFound("No such upload, or it has ended; start it again.")
    return _upload(row)


def touch(session: Session, upload_id: str, now: datetime, *, arrived: bool) -> None:
    """Bytes came; with `arrived`, the last of them."""
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
    """It is footage of ours now."""
    row = session.get_one(tables.Upload, upload_id)
    row.stage, row.touched_at = Stage.TAKEN, now
    row.recording_id, row.analysis_id = recording_id, analysis_id
    row.known_before = known_before


def refused(session: Session, upload_id: str, now: datetime, reason: str) -> None:
    """It was looked at and not taken."""
    row = session.get_one(tables.Upload, upload_id)
    row.stage, row.touched_at, row.reason = Stage.REFUSED, now, reason


def forget(session: Session, upload_ids: Sequence[str]) -> None:
    """Remove uploads, if they are there."""
    session.exec(delete(tables.Upload).where(col(tables.Upload.id).in_(upload_ids)))


def arrived(session: Session) -> list[Upload]:
    """Those that nobody has looked at, the oldest first."""
    found = select(tables.Upload).where(col(tables.Upload.stage) == Stage.ARRIVED)
    return [_upload(row) for row in session.exec(found.order_by(col(tables.Upload.touched_at)))]


def of_account(session: Session, account_id: int, *, ended_after: datetime) -> list[Upload]:
    """Those of an account, the newest first; such as have ended only if that was lately."""
    under_way = col(tables.Upload.stage).in_([Stage.COMING, Stage.ARRIVED])
    found = select(tables.Upload).where(
        col(tables.Upload.account_id) == account_id,
        or_(under_way, col(tables.Upload.touched_at) > ended_after),
    )
    return [
        _upload(row) for row in session.exec(found.order_by(col(tables.Upload.began_at).desc()))
    ]


def analyses_of(session: Session, account_id: int) -> list[int]:
    """The analyses of what an account has handed in, as far as its uploads are remembered."""
    found = select(tables.Upload.analysis_id).where(
        col(tables.Upload.account_id) == account_id, col(tables.Upload.analysis_id).is_not(None)
    )
    return [one for one in session.exec(found) if one is not None]


def coming(session: Session) -> list[Upload]:
    """Those of which bytes are missing, as far as is known."""
    found = select(tables.Upload).where(col(tables.Upload.stage) == Stage.COMING)
    return [_upload(row) for row in session.exec(found)]


def abandoned(session: Session, *, before: datetime) -> list[str]:
    """The ids of those of which bytes are missing and none came since."""
    found = select(tables.Upload.id).where(
        col(tables.Upload.stage) == Stage.COMING, col(tables.Upload.touched_at) < before
    )
    return list(session.exec(found))


def forget_ended(session: Session, *, before: datetime) -> None:
    """Remove those that ended before; the footage stays."""
    ended = col(tables.Upload.stage).in_([Stage.TAKEN, Stage.REFUSED])
    session.exec(delete(tables.Upload).where(ended, col(tables.Upload.touched_at) < before))


def _upload(row: tables.Upload) -> Upload:
    return Upload(**row.model_dump() | {"stage": Stage(row.stage)})
