"""Upkeep until nothing is left to compare, and jobs that other acts overtake."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, Engine, event

from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_people
from pipeline.context import Context
from storage.database.database import connect, reading
from storage.results.candidates import CandidateRow, candidates
from storage.results.comparisons import stale, stale_analyses

MOST_ROUNDS = 5
STALE_WAS_READ = 1
"""`match_people` writes once before it reads what it compares."""


def quiet(context: Context) -> None:
    """Compare everything that upkeep finds to be stale, until it finds nothing."""
    for _ in range(MOST_ROUNDS):
        with reading(context.database) as session:
            people = list(stale(session, context.clock()))
            analyses = stale_analyses(session)
        if not people and not analyses:
            return
        for analysis in analyses:
            match_analysis(analysis, context)
        match_people(people, context)
    raise AssertionError("Upkeep finds the same people again and again.")


@contextmanager
def overtaken(
    context: Context,
    act: Callable[[Context], object],
    *,
    after_writes: int = 0,
    may_write_less: bool = False,
) -> Iterator[None]:
    """Call `act` once, just before the next connection that writes is opened in the block.

    A job reads and compares first and writes at the end, so it ends after what `act` does. `act`
    gets the same context with connections of its own. The first `after_writes` connections that
    write pass; the block must open more, unless it `may_write_less`.
    """
    other = connect(context.database.url.render_as_string(hide_password=False))
    called, passed = False, 0

    def interrupt(connection: Connection) -> None:
        nonlocal called, passed
        if called or not connection.get_execution_options().get("writes"):
            return
        passed += 1
        if passed > after_writes:
            called = True
            act(replace(context, database=other))

    event.listen(context.database, "engine_connect", interrupt)
    try:
        yield
    finally:
        event.remove(context.database, "engine_connect", interrupt)
        other.dispose()
    assert called or may_write_less, "The block wrote too little."


def found(database: Engine) -> list[CandidateRow]:
    """All candidates of the engine in use, by case, person and rank."""
    with reading(database) as session:
        return candidates(session)


def names(context: Context) -> list[tuple[str, str]]:
    """The person and the closest photo of each candidate."""
    return [(row.person, row.reference) for row in found(context.database)]
