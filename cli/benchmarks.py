"""`nightreel bench`."""

from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from cli.output import err


class Benchmark(StrEnum):
    """What can be measured."""

    ENGINE = "engine"
    PROCESS = "process"
    MEMORY = "memory"
    HOSTILE = "hostile"
    SANDBOX = "sandbox"
    VECTORS = "vectors"
    FLEET = "fleet"
    LEDGER = "ledger"
    OVERLAPS = "overlaps"
    REVIEW = "review"
    GROUPING = "grouping"


def bench(
    which: Annotated[list[Benchmark] | None, typer.Argument(help="Default: all of them.")] = None,
) -> None:
    """Benchmark this machine against the peers; print Markdown tables with ratios."""
    for one in which or list(Benchmark):
        err.print(f"Measuring: {one.value}")
        import_module(f"bench.{one.value}").main()
