"""An archive with data of every kind, for tests that move it elsewhere."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from callers import caller
from painted import RED, paint_photo
from rows import NOW, add_accounts
from sealing import MASTER
from sqlmodel import select
from steps import enrol, find, open_case

from pipeline.act import Caller
from pipeline.archive.backup import Wish, back_up
from pipeline.archive.layout import Archive
from pipeline.archive.manifest import Manifest
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.audit import sign
from pipeline.intake.receive import Inbox
from pipeline.plan import Plan
from storage.access import web_sessions
from storage.access.checkpoints import signing_key
from storage.database.database import Engine, reading, writing
from storage.jobs import uploads
from storage.tables import CaseRecording, Recording

ACTOR = "uid:1000"


def archive_at(home: Path, database_url: str = "") -> Archive:
    """An archive in one home folder, unless the database is on a server."""
    return Archive(
        home=home,
        database_url=database_url or f"sqlite:///{home / 'nightreel.db'}",
        master_key=home / "keys" / "master.key",
        audit_key=home / "keys" / "audit.key",
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """A home folder with a case and a person of interest."""

    archive: Archive
    context: Context
    photo: Path
    upload: str
    """The id of an incomplete upload."""

    @property
    def database(self) -> Engine:
        return self.context.database

    def backed_up(self, folder: Path, *, with_keys: bool = True) -> Manifest:
        """Take a backup."""
        return back_up(caller(self.database, ACTOR), Wish(self.archive, folder, with_keys, "test"))


def fill(home: Path, context: Context, plan: Plan, clip: Path) -> Filled:
    """Red is a person of interest in a case with uploaded footage, which was processed and
    compared; another upload is in progress, a user is logged in, and the audit log was signed."""
    url = context.database.url.render_as_string(hide_password=False)
    archive = archive_at(home, "" if url.startswith("sqlite") else url)
    archive.master_key.parent.mkdir(mode=0o700)
    archive.master_key.write_bytes(MASTER)
    case, inbox = open_case(context), Inbox(home)
    footage = inbox.footage / hashlib.sha256(clip.read_bytes()).hexdigest()
    footage.parent.mkdir(mode=0o700)
    footage.write_bytes(clip.read_bytes())
    find(footage, context, plan)
    photo = paint_photo(home.parent / f"{home.name}-red.png", RED)
    enrol("Red", [photo], case, context, plan)
    with writing(context.database) as session:
        recording = session.exec(select(Recording)).one()
        session.add(CaseRecording(case_id=case, recording_id=recording.id))
        add_accounts(session, 1)
        session.flush()
        web_sessions.begin(session, 1, NOW)
        upload = uploads.begin(
            session, account_id=1, actor="account:1", case_id=None, name="yard.mp4",
            size_bytes=1000, now=utc_now(),
        ).id  # fmt: skip
    inbox.make(upload, 1000)
    inbox.file(upload).write_bytes(os.urandom(400))
    asked = Caller(context.database, "uid:1", utc_now())
    sign(asked, signing_key(context.database, archive.audit_key))
    return Filled(archive, context, photo, upload)


def footage_of(database: Engine) -> list[Path]:
    """The path of each recording."""
    with reading(database) as session:
        return [Path(os.fsdecode(path)) for path in session.exec(select(Recording.path))]
