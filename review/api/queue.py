"""The queue, for those who run the machine."""

from review import queue
from review.api.models.queue import QueueAnswer
from review.api.routing import routes_of
from review.site import OurSite
from review.visitors import Asked

routes = routes_of("queue")


@routes.get("/queue")
def queue_state(ours: OurSite, asked: Asked) -> QueueAnswer:
    """Queued and running work, and system health."""
    return QueueAnswer.of(queue.queue_state(ours, asked))
