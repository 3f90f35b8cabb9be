"""Entry point of services run as `python -m MODULE`: an error is one sentence, no traceback."""

import inspect
import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from errors import NightreelError, WrongUsage


def run_service(main: Callable[..., int | None], usage: str) -> NoReturn:
    """Call `main` with the command line's arguments; exit with its result, or the exit code of
    its error.

    `usage` is the text after `python -m`, shown if `main` does not accept the arguments.
    """
    arguments = sys.argv[1:]
    try:
        check(main, arguments, usage)
        sys.exit(main(*arguments))
    except NightreelError as error:
        sys.stderr.write(f"nightreel: {error}\n")
        sys.exit(error.exit_code)


def check(function: Callable[..., object], arguments: list[str], usage: str) -> None:
    """Raise WrongUsage if a function does not accept this number of arguments."""
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        raise WrongUsage(f"The arguments are wrong; usage: python -m {usage}") from None


def whole_number(text: str) -> int:
    """Parse a whole number above zero; raises WrongUsage for anything else."""
    if not text.isdecimal() or int(text) < 1:
        raise WrongUsage(f"{text!r} is not a whole number above zero.")
    return int(text)


def level_number(name: str) -> int:
    """Number of a log level; raises WrongUsage for an unknown name."""
    levels = logging.getLevelNamesMapping()
    if name not in levels:
        raise WrongUsage(f"{name!r} is not a log level; use one of {', '.join(levels)}.")
    return levels[name]
