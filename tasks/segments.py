"""Tasks for segments, the unit of work."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import partial

from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.retry import retrying
from storage.database.database import reading, writing
from storage.jobs.dispatcher import by_site, mark_asked, most_urgent, undispatched
from tasks.analyses import ask_for_matching
from tasks.asking import send
from worker.app import app
from worker.broker import work_queue
from worker.resources import resources


@app.task
def analyse_segment(segment_id: int) -> None:
    """Process this segment or a more urgent one, and queue matching after an analysis's last one.

    Celery does not retry it: attempts are counted on the segment, and upkeep queues it again. While
    the database is unavailable it waits; otherwise all messages would be consumed meanwhile.
    """
    mine = resources()
    chosen = retrying(partial(_most_urgent, segment_id), mine.context.lease_seconds)
    if chosen is None:
        return
    if chosen != segment_id:  # a more urgent one goes first; queue this one again
        ask_for_segments([segment_id])
    analysis_id = watch(chosen, mine.context)
    if analysis_id is not None:
        ask_for_matching([analysis_id])


def _most_urgent(segment_id: int) -> int | None:
    mine, now = resources(), utc_now()
    with reading(mine.database) as session:
        return most_urgent(
            session,
            segment_id,
            now,
            sites=mine.settings.site_names,
            window_open=mine.windows.is_open(now),
        )


def ask_for_waiting(
    *, asked_before: datetime | None = None, sites: Collection[str] | None = None
) -> None:
    """Queue every segment that may start now and was not sent to the broker, of all or some sites.

    Those that were sent before `asked_before` are sent again. Raises BrokerUnavailable,
    StoreUnavailable.
    """
    mine, now = resources(), utc_now()
    with reading(mine.database) as session:
        waiting = undispatched(
            session,
            asked_before=asked_before,
            sites=sites,
            window_open=mine.windows.is_open(now),
        )
    ask_for_segments(waiting)


def ask_for_segments(segment_ids: Sequence[int]) -> None:
    """Put committed segments into the queues of their sites.

    Raises BrokerUnavailable, StoreUnavailable.
    """
    with reading(resources().database) as session:
        at_sites = by_site(session, segment_ids)
    for site, ids in at_sites.items():
        send(analyse_segment, ids, work_queue(site))
    with writing(resources().database) as session:
        mark_asked(session, segment_ids, utc_now())
