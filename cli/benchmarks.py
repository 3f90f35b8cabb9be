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
    which: Annotated[list[Benchmark] | None, typer.Argument(help="None means all of them.")] = None,
) -> None:
    """Measure this machine, side by side with the peers; prints Markdown tables with ratios."""
    for one in which or list(Benchmark):
        err.print(f"Measuring: {one.value}")
        import_module(f"bench.{one.value}").main()
