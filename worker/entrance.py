"""How a service's process begins: what cannot be used is one sentence in its log, no traceback."""

import sys
from collections.abc import Callable
from typing import NoReturn

from errors import NightreelError


def run_service(main: Callable[..., object], *arguments: str) -> NoReturn:
    """Run a service to its end; its exit code is what `main` returns, or that of its error."""
    try:
        code = main(*arguments)
    except NightreelError as error:
        sys.stderr.write(f"nightreel: {error}\n")
        sys.exit(error.exit_code)
    sys.exit(code if isinstance(code, int) else 0)
