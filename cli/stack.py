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
        settings = mine.settings
        given = bool(settings.flower_password.get_secret_value())
        kept = "as set" if given else f"in {settings.home_folder / 'run' / 'flower-password'}"
        err.print("Nightreel is up; Ctrl-C stops it in order.")
        err.print(
            f"Flower: {stack.info.flower_url}, user {stack.info.flower_user}, password {kept}"
        )
    stack.run_in_foreground()
