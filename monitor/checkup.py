"""One look at everything, for scripts: an answer within seconds, whatever is dead."""

from errors import BrokerUnavailable, StackTrouble
from monitor.snapshots import TIMEOUT_SECONDS, Snapshot, in_background, ledger_snapshots
from worker.broker import connects
from worker.resources import Resources
from worker.stack_info import running


def look_at_everything(mine: Resources) -> Snapshot:
    """The verdict of the ledger, where there is one.

    Raises StackTrouble when no services run, BrokerUnavailable when the queue does not answer, and
    StoreUnavailable when the database does not.
    """
    home = mine.settings.home_folder
    if not mine.settings.broker_url and running(home) is None:
        raise StackTrouble(f"No services run in {home}; start them with `nightreel up`.")
    snapshot = ledger_snapshots(mine).look()
    if not _queue_answers():
        raise BrokerUnavailable("The queue does not answer; check the broker.")
    return snapshot


def _queue_answers() -> bool:
    try:
        return in_background(connects).result(TIMEOUT_SECONDS)
    except TimeoutError:
        return False
