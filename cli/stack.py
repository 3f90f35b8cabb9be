"""`nightreel up`."""

from contextlib import suppress

from cli.accounts import make_first_account
from cli.actor import caller
from cli.footage import ask_for_new, check_engine
from cli.output import err, err_is_journal
from errors import BrokerUnavailable
from pipeline.governance.accounts import NewPassword, any_account
from settings import Settings
from tasks.canary import ask_every_queue
from tasks.intake import refuse_home
from worker.resources import resources
from worker.stack import Stack
from worker.stack_info import StackInfo


def up() -> None:
    """Run the embedded stack: Redis, workers, beat, Flower, monitor, web interface.

    Ctrl-C stops it."""
    mine = resources()
    if mine.settings.watch_path:
        refuse_home(mine.settings.watch_path)
    mine.make_home()
    check_engine()
    mine.check_key()
    first = None if err_is_journal() else make_first_account(caller())

    def started(info: StackInfo) -> None:
        with suppress(BrokerUnavailable):
            ask_every_queue()
        ask_for_new()
        _welcome(info, mine.settings, first)

    Stack(mine.settings).run_in_foreground(started)


def _welcome(info: StackInfo, settings: Settings, first: NewPassword | None) -> None:
    given = bool(settings.flower_password.get_secret_value())
    kept = "as set" if given else f"in {settings.home_folder / 'run' / 'flower-password'}"
    err.print("Nightreel is running; press Ctrl-C to stop it.")
    err.print(f"Web interface: {info.web_url} (ready in a few seconds)")
    if first is None and not any_account(resources().database):
        err.print("No account: `nightreel account add NAME --role operator` creates the first.")
    if first:
        err.print(
            f"Admin account created: {first.account.name}, one-time password {first.password}"
        )
        err.print("Log in with it; the home page lists the accounts to create next.")
    err.print(f"Flower: {info.flower_url}, user {info.flower_user}, password {kept}")
    err.print(f"Metrics and health: {info.monitor_url}/metrics and {info.monitor_url}/health")
