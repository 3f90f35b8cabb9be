"""Tasks for analyses: they are matched once all their segments have ended."""

from collections.abc import Sequence
from functools import partial

from pipeline.analysis import match, overlaps
from pipeline.clock import utc_now
from pipeline.retry import retrying
from storage.database.database import writing
from storage.jobs.dispatcher import mark_match_asked
from tasks.asking import send
from worker.app import app
from worker.resources import resources


@app.task
def match_analysis(analysis_id: int) -> None:
    """Join a recording's sightings into appearances and rank them for all persons of interest."""
    context = resources().context
    # Overlaps first: an analysis ends when it is matched, and is not queued again.
    retrying(partial(overlaps.link_footage, analysis_id, context), context.lease_seconds)
    retrying(partial(match.match_analysis, analysis_id, context), context.lease_seconds)


def ask_for_matching(analysis_ids: Sequence[int]) -> None:
    """Queue the matching of analyses. Raises BrokerUnavailable, StoreUnavailable."""
    send(match_analysis, analysis_ids)
    with writing(resources().database) as session:
        mark_match_asked(session, analysis_ids, utc_now())
