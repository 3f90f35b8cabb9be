"""Reclaims segments of dead workers: at once when a process starts, and at every upkeep."""

import logging

from celery.signals import worker_process_init

from errors import NightreelError
from pipeline.clock import utc_now
from storage.database.database import reading, writing
from storage.jobs import reaper
from tasks.segments import ask_for_waiting
from worker import registry
from worker.resources import resources

log = logging.getLogger(__name__)


def take_back() -> None:
    """Reclaim the segments of workers that died on this machine or fell silent on any.

    Raises StoreUnavailable.
    """
    mine = resources()
    dead = registry.dead(mine.registry_folder, registry.registered(mine.registry_folder))
    with reading(mine.database) as session:
        holders = reaper.owners(session)
    if holders:
        with writing(mine.database) as session:
            died = [holder for holder in holders if holder.partition(".")[0] in dead]
            reaper.abandoned(session, died)
            reaper.expired(session, utc_now())
    registry.deregister(mine.registry_folder, dead)


def go_on(**_: object) -> None:
    """Reclaim and queue segments at process start: a new process often replaces a dead one."""
    try:
        take_back()
        ask_for_waiting()
    except NightreelError as error:
        log.warning("left to upkeep: %s", error)


worker_process_init.connect(go_on)
