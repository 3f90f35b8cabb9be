"""`nightreel bench`."""

from enum import StrEnum
from importlib import import_module
from typing import Annotated

import typer

from cli.output import err


class Benchmark(StrEnum):
    """The benchmarks."""

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
    for benchmark in which or list(Benchmark):
        err.print(f"Measuring: {benchmark.value}")
        import_module(f"bench.{benchmark.value}").main()
