"""The `nightreel` command."""

import sys
import traceback

from cli.commands import NIGHTREEL
from cli.deferred import build
from cli.output import err
from errors import NightreelError, WrongUsage

app = build("nightreel", NIGHTREEL)


def run() -> None:
    """Run one command; every error is one sentence on stderr and an exit code."""
    try:
        app(standalone_mode=True)
    except NightreelError as error:
        err.print(f"nightreel: {error}")
        sys.exit(error.exit_code)
    except UnicodeEncodeError:
        err.print("nightreel: a name or reference is not valid text; enter it again.")
        sys.exit(WrongUsage.exit_code)
    except Exception:
        err.print(f"nightreel: unexpected error; the traceback was written to {_keep_trace()}.")
        sys.exit(1)


def _keep_trace() -> str:
    from settings import load_settings  # Pydantic takes longer to import than all of help

    folder = load_settings().home_folder / "logs"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    trace = folder / "last-error.txt"
    trace.write_text(traceback.format_exc())
    return str(trace)
