"""Segments: the unit of work."""

from collections.abc import Sequence

from pipeline.clock import utc_now
from pipeline.watch import watch
from storage.agenda import mark_asked
from storage.database import writing
from tasks.analyses import ask_for_matching
from tasks.asking import send
from worker.app import app
from worker.resources import resources


@app.task
def analyse_segment(segment_id: int) -> None:
    """Watch one segment; whoever ends the last one asks for its analysis to be matched.

    Not retried by Celery: attempts are counted on the segment, and upkeep asks again.
    """
    analysis_id = watch(segment_id, resources().tools)
    if analysis_id is not None:
        ask_for_matching([analysis_id])


def ask_for_segments(segment_ids: Sequence[int]) -> None:
    """Put committed segments in the queue. Raises BrokerUnavailable."""
    send(analyse_segment, segment_ids)
    with writing(resources().database) as session:
        mark_asked(session, segment_ids, utc_now())
