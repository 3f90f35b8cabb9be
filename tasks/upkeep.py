"""Periodic upkeep: messages may be lost, rows are not; work that is still open is queued again."""

import logging
from datetime import timedelta
from pathlib import Path

from pipeline.act import Caller
from pipeline.clock import utc_now
from pipeline.governance.audit import keep_checkpoint, sign
from pipeline.governance.certificates import keep
from pipeline.governance.purge import purge_due as erase_due
from storage.access.checkpoints import signing_key
from storage.database.database import reading, writing
from storage.files.crops import crop_numbers
from storage.jobs.dispatcher import ready_to_match, waiting_sites
from storage.results.comparisons import stale, stale_analyses
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
    """Reclaim segments of dead workers, and queue all work that was not sent to the broker.

    If a queue is empty although rows were sent long ago, the broker has lost its messages: then
    these rows are sent again. Comparisons that do not hold, for which no sending time is stored,
    are also sent only if their queue is empty.
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
        people = stale(session, now) if matches_lost else {}
        again = stale_analyses(session) if matches_lost else []
    ask_for_matching([*analyses, *again])
    ask_for_people(list(people))


@app.task
def sweep_crops() -> None:
    """Remove crops without a reference: of cancelled or deleted results, and of workers that died
    between saving and committing. Delete the face groups of ended cases."""
    mine = resources()
    limit = timedelta(seconds=mine.settings.visibility_timeout_seconds)
    with reading(mine.database) as session:
        removed = mine.media.sweep(lambda: crop_numbers(session), older_than=utc_now() - limit)
    log.info("%d crops swept", removed)
    with writing(mine.database) as session:
        drop_groups_of_ended(session, utc_now())


@app.task
def purge_due() -> None:
    """Purge everything that has been kept for longer than the settings allow."""
    mine = resources()
    caller = Caller(mine.database, WORKER, utc_now())
    folders = [mine.settings.home_folder]
    for certificate in erase_due(caller, mine.retention, mine.context, folders):
        keep(certificate, mine.certificates_folder)
        log.info("purged; entry %d of the audit log", certificate.entry)


@app.task
def sign_audit_log() -> None:
    """Sign a checkpoint of the audit log, and write it to the checkpoint folder too, if one is
    set."""
    mine = resources()
    key = signing_key(mine.database, mine.settings.effective_audit_key_file)
    made = sign(Caller(mine.database, WORKER, utc_now()), key)
    if mine.settings.checkpoint_folder:
        keep_checkpoint(Path(mine.settings.checkpoint_folder), made)
    log.info("audit log signed at entry %d", made.count)


def _is_empty(name: str) -> bool:
    with broker_errors_explained(), app.connection_for_read() as connection:
        queue = app.amqp.queues[name](connection.default_channel)
        # Not declared passively: with Redis, kombu then ignores the prefix and finds no queue.
        return bool(queue.queue_declare().message_count == 0)
