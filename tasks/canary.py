"""Canaries: a live process does not show that its queue is served, but a finished canary does."""

from celery import Task

from pipeline.clock import utc_now
from storage.database.database import writing
from storage.jobs.canaries import show_life
from tasks.asking import broker_errors_explained
from worker.app import app
from worker.resources import resources


@app.task(bind=True)
def answer(self: Task) -> None:
    """Record that the queue of this task is served."""
    queue = self.request.delivery_info["routing_key"]  # a queue's key is its name
    with writing(resources().database) as session:
        show_life(session, queue, utc_now())


def ask_every_queue() -> None:
    """Send a canary to every queue now, in addition to those of beat. Raises BrokerUnavailable."""
    with broker_errors_explained():
        for queue in app.conf.task_queues:
            answer.apply_async(queue=queue, expires=resources().settings.canary_seconds)
