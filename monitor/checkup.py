"""A single check of everything, for scripts: it returns within seconds, even if services hang."""

from errors import BrokerUnavailable, StackTrouble
from monitor.snapshots import TIMEOUT_SECONDS, Snapshot, in_background, ledger_snapshots
from worker.broker import connects
from worker.resources import Resources
from worker.stack_info import running


def look_at_everything(resources: Resources) -> Snapshot:
    """The ledger and its health, after checking the services and the queue.

    Raises StackTrouble if no services run, BrokerUnavailable if the queue does not respond, and
    StoreUnavailable if the database does not.
    """
    home = resources.settings.home_folder
    if not resources.settings.broker_url and running(home) is None:
        raise StackTrouble(f"No services run in {home}; start them with `nightreel up`.")
    snapshot = ledger_snapshots(resources).look()
    if not _queue_answers():
        raise BrokerUnavailable("The queue does not answer; check the broker.")
    return snapshot


def _queue_answers() -> bool:
    try:
        return in_background(connects).result(TIMEOUT_SECONDS)
    except TimeoutError:
        return False
