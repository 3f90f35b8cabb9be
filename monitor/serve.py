"""`python -m monitor.serve [ADDRESS]`: the metrics, the health page and the notifier.

ADDRESS is the loopback address by default; inside a container use `0.0.0.0`.
"""

import logging
import os
import signal
import sys
import time
from contextlib import suppress

from errors import NightreelError
from monitor.metrics import Exporter
from monitor.notifier import Notifier
from monitor.page import serve
from monitor.snapshots import ledger_snapshots
from pipeline.clock import utc_now
from storage.database.database import writing
from storage.jobs.monitoring import note_look
from worker.entrance import run_service
from worker.logs import log_json_lines
from worker.ports import LOOPBACK
from worker.resources import Resources, resources

NICENESS = 10
LOOK_ROUND_SECONDS = 10.0


def main(address: str = LOOPBACK) -> None:
    """Serve until told to stop. Raises StackTrouble and WrongUsage."""
    mine = resources()
    os.nice(NICENESS)
    log_json_lines(logging.getLevelNamesMapping()[mine.settings.log_level])
    _ = mine.windows  # raises at once if it cannot be parsed
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # ends a running command too
    snapshots = ledger_snapshots(mine)
    exporter = Exporter(snapshots.look, mine.settings.home_folder)
    serve(address, mine.settings.monitor_port, exporter, snapshots.look)
    notifier = Notifier(mine, snapshots.look) if mine.settings.notify else None
    while True:
        _note_look(mine)
        if notifier:
            notifier.look_round()
        time.sleep(LOOK_ROUND_SECONDS)


def _note_look(mine: Resources) -> None:
    with suppress(NightreelError), writing(mine.database) as session:  # the notifier reports it
        note_look(session, utc_now())


if __name__ == "__main__":
    run_service(main, "monitor.serve [ADDRESS]")
