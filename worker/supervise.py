"""`python -m worker.supervise CONFIGURATION`: supervisord in the foreground, quick to react."""

from supervisor.loggers import Handler
from supervisor.options import ServerOptions
from supervisor.supervisord import go

from worker.entrance import run_service

LONGEST_WAIT_SECONDS = 0.1


def main(configuration: str) -> None:
    """Run until told to stop.

    supervisord checks its programs each time it has waited for their output, which takes a second
    if they are silent; the start and each step of a stop would take that second.
    """
    options = ServerOptions()
    options.realize(["--nodaemon", "--configuration", configuration])
    options.first = True  # as opposed to a restart by SIGHUP
    options.test = False
    wait = options.poller.poll
    options.poller.poll = lambda seconds: wait(min(seconds, LONGEST_WAIT_SECONDS))
    Handler.handleError = _lose_the_line
    go(options)


def _lose_the_line(_: Handler) -> None:
    """Drop a log line that cannot be written to a full disk. supervisord would report the error on
    stderr, which is on the same disk, and end, and with it all services."""


if __name__ == "__main__":
    run_service(main, "worker.supervise CONFIGURATION")
