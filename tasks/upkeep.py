"""Upkeep: messages get lost, rows do not; whatever rows still ask for is asked for again."""

import logging
from datetime import timedelta
from pathlib import Path

from pipeline.act import Caller
from pipeline.clock import utc_now
from pipeline.governance.audit import keep_checkpoint, sign
from pipeline.governance.certificates import keep
from pipeline.governance.purge import purge_due as erase_due
from storage.access.checkpoints import signing_key
from storage.cases.gallery import unmatched_people
from storage.database.database import reading, writing
from storage.files.crops import crop_numbers
from storage.jobs.dispatcher import ready_to_match, waiting_sites
from storage.results.groups import drop_groups_of_ended
from storage.results.rematches import WORKER
from tasks.analyses import ask_for_matching
from tasks.asking import broker_errors_explained
from tasks.people import ask_for_people
from tasks.recovery import take_back
from tasks.segments import ask_for_waiting
from worker.app import app
from worker.broker import work_queue
from worker.resources import resources

log = logging.getLogger(__name__)

MATCHING = "matching"
ASKED_LONG_AGO = timedelta(seconds=30)


@app.task
def tend_ledger() -> None:
    """Take segments back from dead workers, and ask for everything nobody was asked to do.

    An empty queue beside rows that were asked for long ago means that the broker lost its messages:
    then those are asked for as well, and people, of whom is not known when they were. While
    messages wait, they are left alone.
    """
    now = utc_now()
    with reading(resources().database) as session:
        waiting = waiting_sites(session)
    segments_lost = [site for site in waiting if _is_empty(work_queue(site))]
    matches_lost = _is_empty(MATCHING)
    take_back()
    ask_for_waiting()
    ask_for_waiting(asked_before=now - ASKED_LONG_AGO, sites=segments_lost)
    with reading(resources().database) as session:
        asked_before = now - ASKED_LONG_AGO if matches_lost else None
        analyses = ready_to_match(session, asked_before=asked_before)
        people = unmatched_people(session, now=now) if matches_lost else []
    ask_for_matching(analyses)
    ask_for_people(people)


@app.task
def sweep_crops() -> None:
    """Remove the crops that nothing refers to: of what was cancelled or forgotten, and of workers
    that died between saving them and committing. Groups of unknown faces end with their case."""
    mine = resources()
    limit = timedelta(seconds=mine.settings.visibility_timeout_seconds)
    with reading(mine.database) as session:
        removed = mine.media.sweep(lambda: crop_numbers(session), older_than=utc_now() - limit)
    log.info("%d crops swept", removed)
    with writing(mine.database) as session:
        drop_groups_of_ended(session, utc_now())


@app.task
def purge_due() -> None:
    """Erase what has been kept for longer than the settings say."""
    mine = resources()
    asked = Caller(mine.database, WORKER, utc_now())
    for one in erase_due(asked, mine.retention, mine.context, [mine.settings.home_folder]):
        keep(one, mine.certificates_folder)
        log.info("purged; entry %d of the audit log", one.entry)


@app.task
def sign_audit_log() -> None:
    """Sign how far the audit log has come, and write that where it is out of reach of this machine,
    if a folder for it is set."""
    mine = resources()
    key = signing_key(mine.database, mine.settings.effective_audit_key_file)
    made = sign(Caller(mine.database, WORKER, utc_now()), key)
    if mine.settings.checkpoint_folder:
        keep_checkpoint(Path(mine.settings.checkpoint_folder), made)
    log.info("audit log signed at entry %d", made.count)


def _is_empty(name: str) -> bool:
    with broker_errors_explained(), app.connection_for_read() as connection:
        queue = app.amqp.queues[name](connection.default_channel)
        # Not asked passively: in Redis, kombu then looks without the prefix and finds no queue.
        return bool(queue.queue_declare().message_count == 0)
