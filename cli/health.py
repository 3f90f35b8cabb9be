"""`nightreel status --check`: whether processing works as it should, for scripts."""

import typer

from cli.output import err, out, print_json
from errors import NightreelError
from monitor.checkup import look_at_everything
from monitor.health import spoken
from monitor.snapshots import Snapshot, described
from worker.resources import resources


def check(*, as_json: bool) -> None:
    """Print one line of health; exit code 1 if there is a problem.

    It answers within seconds even if the broker or the database is down.
    """
    try:
        snapshot = look_at_everything(resources())
    except NightreelError as error:
        if not as_json:
            raise
        print_json({"well": False, "troubles": [str(error)]})
        raise typer.Exit(error.exit_code) from error
    if as_json:
        print_json(described(snapshot))
    elif snapshot.health.well:
        out.print(_praise(snapshot), soft_wrap=True)
    else:
        err.print(
            "nightreel: " + " ".join(trouble.sentence for trouble in snapshot.health.troubles)
        )
    if not snapshot.health.well:
        raise typer.Exit(1)


def _praise(snapshot: Snapshot) -> str:
    silences = snapshot.health.silence_seconds.items()
    served = ", ".join(f"{queue} {spoken(seconds)} ago" for queue, seconds in silences)
    return f"Healthy; queues last served: {served}."
