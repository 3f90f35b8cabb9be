"""Receiving files: bytes go to disk as they come, and what is whole is taken in as footage.

A file lies under a name of ours in the home folder; how long it is says how much has come. Nothing
else is written down on the way, so that a process that is killed loses no more than what had not
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
"""What uploads leave to the database and the queue on their disk."""
NO_ROOM = "The disk is full; free some space, then the upload resumes."
ABANDONED_AFTER = timedelta(days=3)
FORGOTTEN_AFTER = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Receiving:
    """A file that bytes come for."""

    file: FileIO

    @property
    def length(self) -> int:
        """How many have come."""
        return os.fstat(self.file.fileno()).st_size

    def append(self, chunk: bytes) -> None:
        """Add bytes at the end. Raises DiskFull; what had room then stays."""
        with _disk_explained():
            keep_free(Path(self.file.name), len(chunk))
            written = 0
            while written < len(chunk):
                written += self.file.write(chunk[written:])

    def cut(self, length: int) -> None:
        """Take back what came behind this length."""
        with _disk_explained():
            self.file.truncate(length)

    def settle(self) -> None:
        """Have what has come survive a power cut."""
        with _disk_explained():
            os.fsync(self.file.fileno())


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where files are received, and where they stay when they are footage."""

    home: Path
    site: str = DEFAULT_SITE
    """Whose workers reach it."""

    @property
    def coming(self) -> Path:
        """What has not all come, or was not looked at."""
        return self.home / "uploads"

    @property
    def footage(self) -> Path:
        """What was taken, named by its content."""
        return self.home / "footage"

    def file(self, upload_id: str) -> Path:
        """The bytes of an upload that have come."""
        return self.coming / f"{upload_id}.part"

    def make(self, upload_id: str, size_bytes: int) -> None:
        """An empty file for an upload. Raises DiskFull when its size has no room."""
        with _disk_explained():
            for folder in (self.coming, self.footage):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            keep_free(self.coming, size_bytes)
            self.file(upload_id).touch(mode=0o600, exist_ok=True)

    def offset(self, upload_id: str) -> int:
        """How many bytes have come; none of a file that is gone."""
        try:
            return self.file(upload_id).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def hold(self, upload_id: str) -> Iterator[Receiving]:
        """The file of an upload, for nobody else to write to. Raises Busy when somebody does."""
        with _disk_explained(), self.file(upload_id).open("ab", buffering=0) as file:
            if not try_lock(file.fileno()):
                raise Busy("This upload is active on another connection; try again.")
            yield Receiving(file)

    def discard(self, upload_id: str) -> None:
        """Away with what has come."""
        with _disk_explained():
            self.file(upload_id).unlink(missing_ok=True)

    def keep(self, upload_id: str, sha256: str) -> Path:
        """The file under the name of its content; bytes that are there already stay as they are,
        for a worker may be reading them."""
        kept = self.footage / sha256
        with _disk_explained(), suppress(FileExistsError):
            os.link(self.file(upload_id), kept)
        return kept


def keep_free(place: Path, size_bytes: int) -> None:
    """Raise DiskFull when so many bytes more would leave others no room on this disk."""
    if shutil.disk_usage(place).free - size_bytes < LEAST_FREE_BYTES:
        raise DiskFull(NO_ROOM)


def take_in(
    upload: Upload, *, inbox: Inbox, context: Context, plan: Plan, now: datetime
) -> Added | AlreadyKnown | None:
    """Look at a whole file and take it as footage; None when it is refused, with its reason.

    Raises StoreUnavailable, DecoderFailed and FootageVanished: then it can be tried again.
    """
    try:
        found = read_footage(inbox.file(upload.id), context.decoder)
    except Permanent as refusal:
        refuse(upload, str(refusal), inbox=inbox, context=context, now=now)
        return None
    kept = _kept(found, inbox.keep(upload.id, found.sha256), upload.name)
    request = Request(case_id=upload.case_id, site=inbox.site, actor=upload.actor)
    known = remember(kept, context=context, plan=plan, now=now, request=request)
    with writing(context.database) as session:
        uploads.taken(
            session,
            upload.id,
            now,
            recording_id=known.recording_id,
            analysis_id=known.analysis_id,
            known_before=isinstance(known, AlreadyKnown),
        )
    inbox.discard(upload.id)
    return known


def refuse(upload: Upload, reason: str, *, inbox: Inbox, context: Context, now: datetime) -> None:
    """Do not take a file, and say why to whoever handed it in."""
    with writing(context.database) as session:
        uploads.refused(session, upload.id, now, reason)
    inbox.discard(upload.id)


def recover(inbox: Inbox, context: Context, now: datetime) -> None:
    """Uploads whose last byte came when this process was killed have arrived."""
    with reading(context.database) as session:
        coming = uploads.coming(session)
    whole = [one for one in coming if inbox.offset(one.id) == one.size_bytes]
    if whole:
        with writing(context.database) as session:
            for one in whole:
                uploads.touch(session, one.id, now, arrived=True)


def sweep(inbox: Inbox, context: Context, now: datetime) -> int:
    """Remove uploads that were abandoned, and forget those that ended long ago; returns how many
    of the former there were."""
    with writing(context.database) as session:
        abandoned = uploads.abandoned(session, before=now - ABANDONED_AFTER)
        uploads.forget(session, abandoned)
        uploads.forget_ended(session, before=now - FORGOTTEN_AFTER)
    for one in abandoned:
        inbox.discard(one)
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
