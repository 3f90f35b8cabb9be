"""Canaries: that a process lives does not show that its queue is served; that one was done does."""

from celery import Task

from pipeline.clock import utc_now
from storage.database.database import writing
from storage.jobs.canaries import show_life
from tasks.asking import broker_errors_explained
from worker.app import app
from worker.resources import resources


@app.task(bind=True)
def answer(self: Task) -> None:
    """Write down that the queue this came from is served."""
    queue = self.request.delivery_info["routing_key"]  # a queue's key is its name
    with writing(resources().database) as session:
        show_life(session, queue, utc_now())


def ask_every_queue() -> None:
    """Have a canary in every queue now, not only when the clock sends one. Raises
    BrokerUnavailable."""
    with broker_errors_explained():
        for queue in app.conf.task_queues:
            answer.apply_async(queue=queue, expires=resources().settings.canary_seconds)
