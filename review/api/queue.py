"""The queue as those see it who run the machine."""

from review import queue
from review.api.models.queue import QueueAnswer
from review.api.routing import routes_of
from review.site import OurSite

routes = routes_of("queue")


@routes.get("/queue")
def queue_state(ours: OurSite) -> QueueAnswer:
    """Queued and running work, and system health."""
    return QueueAnswer.of(queue.queue_state(ours))
