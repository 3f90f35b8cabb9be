"""Start, continue, complete and stop an upload."""

from errors import Conflict
from pipeline.act import Caller
from pipeline.intake.receive import Inbox, Receiving
from storage.database.database import Engine, reading, writing
from storage.jobs import uploads
from storage.jobs.uploads import Stage, Upload


def begin_upload(
    caller: Caller,
    inbox: Inbox,
    *,
    account_id: int,
    case_id: int | None,
    name: str,
    size_bytes: int,
) -> Upload:
    """Start an upload of `size_bytes`. Raises DiskFull when it does not fit, StoreUnavailable."""
    with writing(caller.database) as session:
        upload = uploads.begin(
            session,
            account_id=account_id,
            actor=caller.actor,
            case_id=case_id,
            name=name,
            size_bytes=size_bytes,
            now=caller.now,
        )
        inbox.make(upload.id, size_bytes)
    return upload


def own_upload(caller: Caller, upload_id: str, account_id: int) -> Upload:
    """An upload of this account. Raises NotFound, also for another account's upload."""
    with reading(caller.database) as session:
        return uploads.find(session, upload_id, account_id=account_id)


def note_bytes(caller: Caller, upload: Upload, receiving: Receiving) -> bool:
    """Note that bytes were received; returns whether the file is complete.

    Raises DiskFull, StoreUnavailable.
    """
    complete = receiving.length == upload.size_bytes
    if complete:
        receiving.settle()
    with writing(caller.database) as session:
        uploads.touch(session, upload.id, caller.now, arrived=complete)
    return complete


def stop_upload(caller: Caller, inbox: Inbox, upload: Upload) -> None:
    """Delete an upload and its bytes. Raises Conflict when it is complete, StoreUnavailable."""
    if upload.stage is Stage.ARRIVED:
        raise Conflict("The file is uploaded and being checked; it can no longer be stopped.")
    with writing(caller.database) as session:
        uploads.forget(session, [upload.id])
    inbox.discard(upload.id)


def complete_uploads(database: Engine) -> list[Upload]:
    """Complete uploads that were not checked yet, the oldest first. Raises StoreUnavailable."""
    with reading(database) as session:
        return uploads.arrived(session)
