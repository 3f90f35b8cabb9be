"""`nightreel up`."""

from cli.footage import check_engine
from cli.output import err
from worker.resources import resources
from worker.stack import Stack


def up() -> None:
    """Run the embedded stack: Redis, workers, beat and Flower. Ctrl-C stops it in order."""
    mine = resources()
    mine.make_home()
    check_engine()
    _ = mine.database
    stack = Stack(mine.settings)
    stack.start()
    if stack.info:
        err.print(
            f"Nightreel is up. Flower: {stack.info.flower_url} (user {stack.info.flower_user})"
        )
        err.print(f"Home: {mine.settings.home_folder}. Ctrl-C stops in order.")
    stack.run_in_foreground()
