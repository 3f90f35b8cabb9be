"""Receive uploads: bytes are written to disk as they arrive, and complete files are ingested.

A file is stored in the home folder under a generated name; its length is the upload's progress.
Nothing else is stored during an upload, so a killed process loses only the bytes that had not
reached the disk.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import FileIO
from pathlib import Path

from errors import Busy, DiskFull, NotFound, Permanent, StoreUnavailable
from file_locks import try_lock
from pipeline.context import Context
from pipeline.intake.ingest import read_footage, remember
from pipeline.plan import Plan
from storage.database.database import reading, writing
from storage.files.private_files import DISK_FULL
from storage.jobs import uploads
from storage.jobs.recordings import Added, AlreadyKnown, Found, Request
from storage.jobs.uploads import Upload
from storage.tables import DEFAULT_SITE

LEAST_FREE_BYTES = 200_000_000
"""The space on their disk that uploads leave to the database and the queue."""
NO_ROOM = "The disk is full; free some space, then the upload resumes."
ABANDONED_AFTER = timedelta(days=3)
FORGOTTEN_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Receiving:
    """A file that bytes are received for."""

    file: FileIO

    @property
    def length(self) -> int:
        """The number of bytes received."""
        return os.fstat(self.file.fileno()).st_size

    def append(self, chunk: bytes) -> None:
        """Append bytes. Raises DiskFull (bytes that did fit are kept), StoreUnavailable."""
        with _disk_explained():
            keep_free(Path(self.file.name), len(chunk))
            written = 0
            while written < len(chunk):
                written += self.file.write(chunk[written:])

    def cut(self, length: int) -> None:
        """Truncate the file to this length, in bytes. Raises StoreUnavailable."""
        with _disk_explained():
            self.file.truncate(length)

    def settle(self) -> None:
        """Flush the received bytes to the disk, so that they survive a power cut.

        Raises DiskFull, StoreUnavailable.
        """
        with _disk_explained():
            os.fsync(self.file.fileno())


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where files are received, and where footage is stored."""

    home: Path
    site: str = DEFAULT_SITE
    """The site whose workers can read it."""

    @property
    def coming(self) -> Path:
        """The folder of uploads that are incomplete or not yet checked."""
        return self.home / "uploads"

    @property
    def footage(self) -> Path:
        """The folder of accepted files, named by their sha256."""
        return self.home / "footage"

    def file(self, upload_id: str) -> Path:
        """The file with the received bytes of an upload."""
        return self.coming / f"{upload_id}.part"

    def make(self, upload_id: str, size_bytes: int) -> None:
        """Create an empty file for an upload.

        Raises DiskFull when its size does not fit on the disk, StoreUnavailable.
        """
        with _disk_explained():
            for folder in (self.coming, self.footage):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            keep_free(self.coming, size_bytes)
            self.file(upload_id).touch(mode=0o600, exist_ok=True)

    def offset(self, upload_id: str) -> int:
        """The number of bytes received; 0 if the file is gone."""
        try:
            return self.file(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def hold(self, upload_id: str) -> Iterator[Receiving]:
        """The file of an upload, locked for writing.

        Raises Busy when another connection has it, NotFound when it is gone, StoreUnavailable.
        """
        with _disk_explained(), self.file(upload_id).open("ab", buffering=0) as file:
            if not try_lock(file.fileno()):
                raise Busy("This upload is active on another connection; try again.")
            yield Receiving(file)

    def discard(self, upload_id: str) -> None:
        """Delete the received bytes, if there are any. Raises StoreUnavailable."""
        with _disk_explained():
            self.file(upload_id).unlink(missing_ok=True)

    def keep(self, upload_id: str, sha256: str) -> Path:
        """Store the file under its sha256 and return the new path.

        An existing file with this name is kept, because a worker may be reading it. Raises NotFound
        when the upload is gone, DiskFull, StoreUnavailable.
        """
        kept = self.footage / sha256
        with _disk_explained(), suppress(FileExistsError):
            os.link(self.file(upload_id), kept)
        return kept


def keep_free(place: Path, size_bytes: int) -> None:
    """Raise DiskFull when this many more bytes would leave less than `LEAST_FREE_BYTES` free."""
    if shutil.disk_usage(place).free - size_bytes < LEAST_FREE_BYTES:
        raise DiskFull(NO_ROOM)


def take_in(
    upload: Upload, *, inbox: Inbox, context: Context, plan: Plan, now: datetime
) -> Added | AlreadyKnown | None:
    """Check a complete file and ingest it; None when it is rejected, which is stored with a reason.

    Raises StoreUnavailable, DecoderFailed and FootageVanished; then a retry is possible.
    """
    try:
        found = read_footage(inbox.file(upload.id), context.decoder)
    except Permanent as refusal:
        refuse(upload, str(refusal), inbox=inbox, context=context, now=now)
        return None
    kept = _kept(found, inbox.keep(upload.id, found.sha256), upload.name)
    request = Request(case_id=upload.case_id, site=inbox.site, actor=upload.actor)
    added = remember(kept, context=context, plan=plan, now=now, request=request)
    with writing(context.database) as session:
        uploads.taken(
            session,
            upload.id,
            now,
            recording_id=added.recording_id,
            analysis_id=added.analysis_id,
            known_before=isinstance(added, AlreadyKnown),
        )
    inbox.discard(upload.id)
    return added


def refuse(upload: Upload, reason: str, *, inbox: Inbox, context: Context, now: datetime) -> None:
    """Reject a file, with a reason for the user who uploaded it. Raises StoreUnavailable."""
    with writing(context.database) as session:
        uploads.refused(session, upload.id, now, reason)
    inbox.discard(upload.id)


def recover(inbox: Inbox, context: Context, now: datetime) -> None:
    """Mark complete uploads whose completion was not stored, because the process was killed."""
    with reading(context.database) as session:
        incoming = uploads.coming(session)
    whole = [upload for upload in incoming if inbox.offset(upload.id) == upload.size_bytes]
    if whole:
        with writing(context.database) as session:
            for upload in whole:
                uploads.touch(session, upload.id, now, arrived=True)


def sweep(inbox: Inbox, context: Context, now: datetime) -> int:
    """Remove abandoned uploads, and forget uploads that ended long ago.

    Returns the number of abandoned uploads. Raises StoreUnavailable.
    """
    with writing(context.database) as session:
        abandoned = uploads.abandoned(session, before=now - ABANDONED_AFTER)
        uploads.forget(session, abandoned)
        uploads.forget_ended(session, before=now - FORGOTTEN_AFTER)
    for upload_id in abandoned:
        inbox.discard(upload_id)
    return len(abandoned)


def _kept(found: Found, path: Path, name: str) -> Found:
    modified_ns = path.stat().st_mtime_ns
    recording = replace(found.recording, path=str(path))
    return replace(found, name=name, modified_ns=modified_ns, recording=recording)


@contextmanager
def _disk_explained() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("No such upload, or it has ended; start it again.") from error
    except OSError as error:
        if error.errno in DISK_FULL:
            raise DiskFull(NO_ROOM) from error
        raise StoreUnavailable(
            f"The upload folder cannot be written ({error.strerror}); check it."
        ) from error
