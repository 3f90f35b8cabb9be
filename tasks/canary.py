"""Canaries: that a process lives does not show that its queue is served; that one was done does."""

from celery import Task

from pipeline.clock import utc_now
from storage.canaries import show_life
from storage.database import writing
from worker.app import app
from worker.resources import resources


@app.task(bind=True)
def sing(self: Task) -> None:
    """Write down that the queue this came from is served."""
    queue = self.request.delivery_info["routing_key"]  # a queue's key is its name
    with writing(resources().database) as session:
        show_life(session, queue, utc_now())
