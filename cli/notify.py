"""`nightreel notify`."""

from typing import Annotated

import typer

from cli.actor import now
from cli.output import err, out
from errors import WrongUsage
from monitor.deliver import check_target, deliver
from worker.resources import resources


def notify(
    test: Annotated[bool, typer.Option("--test", help="Send a test notification now.")] = False,
) -> None:
    """Show the notification target, and test it."""
    target = resources().settings.notify
    if not target:
        raise WrongUsage(
            "No notification target configured; set NIGHTREEL_NOTIFY to a command or a web address."
        )
    out.print(f"Notifications go to {check_target(target)}.", soft_wrap=True)
    if test:
        body = {"kind": "test", "at": now().isoformat(), "sentence": "This is a test."}
        err.print(f"Sent: {deliver(target, body, show_output=True)}.")
