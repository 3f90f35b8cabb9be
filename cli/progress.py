"""Waiting for the workers, with a bar and an estimate."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from cli.actor import caller
from cli.output import err
from pipeline.planning.jobs import remaining

POLL_SECONDS = 0.2


def wait_for(
    analyses: Sequence[int],
    *,
    people: Sequence[int] = (),
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Return once every analysis has ended and these people were compared with everything.

    `meanwhile` is called from time to time; an exception from it ends the waiting.
    """
    with _bar(
        "Processing footage", TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn()
    ) as (
        bar,
        shown,
    ):
        while True:
            far = remaining(caller(), analyses, people)
            bar.update(shown, total=max(far.total_ms, 1), completed=far.done_ms)
            if far.is_over:
                return
            meanwhile()
            time.sleep(POLL_SECONDS)


@contextmanager
def byte_bar(name: str, size_bytes: int | None) -> Iterator[Callable[[int], None]]:
    """A bar for reading a file; yields a function to call with the number of bytes read so far."""
    with _bar(f"Reading {name}", DownloadColumn(), TimeRemainingColumn()) as (bar, shown):
        bar.update(shown, total=size_bytes)
        yield lambda done: bar.update(shown, completed=done)


@contextmanager
def count_bar(title: str) -> Iterator[Callable[[int], None]]:
    """A bar without a total; yields a function to call with the number handled so far."""
    with _bar(title, MofNCompleteColumn(), TimeElapsedColumn()) as (bar, shown):
        yield lambda done: bar.update(shown, completed=done)


@contextmanager
def _bar(title: str, *columns: ProgressColumn) -> Iterator[tuple[Progress, TaskID]]:
    description = TextColumn("{task.description}", markup=False)
    percent = TextColumn("{task.percentage:>3.0f} %")
    with Progress(
        description,
        BarColumn(),
        percent,
        *columns,
        console=err,
        transient=True,
        disable=not err.is_terminal,
    ) as bar:
        yield bar, bar.add_task(title, total=None)
