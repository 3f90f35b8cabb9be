"""Tasks for persons of interest: each is compared with all appearances stored before."""

from collections.abc import Sequence
from functools import partial

from pipeline.analysis import rematch
from pipeline.retry import retrying
from tasks.asking import send
from worker.app import app
from worker.resources import resources


@app.task
def match_person(person_id: int) -> None:
    """Rank all stored appearances for one person."""
    context = resources().context
    retrying(partial(rematch.match_person, person_id, context), context.lease_seconds)


def ask_for_people(person_ids: Sequence[int]) -> None:
    """Queue the comparison of people with all stored appearances. Raises BrokerUnavailable."""
    send(match_person, person_ids)
