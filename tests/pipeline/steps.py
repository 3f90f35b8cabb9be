"""All processing of footage, step by step, in this process."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from callers import caller
from sqlalchemy import Engine
from sqlmodel import col, select

from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.people.enrol import Enrolled, enrol_person
from pipeline.plan import Plan
from storage.cases import case_terms
from storage.cases.people import AS_IT_IS, Standing
from storage.database.database import reading, writing
from storage.files.objects import Address
from storage.jobs.dispatcher import undispatched
from storage.jobs.progress import Outcome, outcomes
from storage.jobs.recordings import Added, AlreadyKnown
from storage.tables import Sighting


def ingest(path: Path | Address, context: Context, plan: Plan) -> Added | AlreadyKnown:
    """Add a file now."""
    return ingest_file(path, context=context, plan=plan, now=utc_now())


def open_segments(context: Context) -> list[int]:
    """The queued segments, in order."""
    with reading(context.database) as session:
        return undispatched(session)


def watch_all(context: Context) -> list[int]:
    """Process all queued segments once; returns the analyses that can be matched."""
    ended = [watch(segment, context) for segment in open_segments(context)]
    return [one for one in ended if one is not None]


def find(path: Path, context: Context, plan: Plan) -> int:
    """Ingest, process and match one file; returns its analysis."""
    analysis_id = ingest(path, context, plan).analysis_id
    watch_all(context)
    match_analysis(analysis_id, context)
    return analysis_id


def outcome(analysis_id: int, context: Context) -> Outcome:
    """The outcome of an analysis."""
    with reading(context.database) as session:
        return outcomes(session, [analysis_id])[0]


def open_case(
    context: Context,
    reference: str = "2026-1",
    days: float = 1,
    sources: Sequence[str] = ("*",),
) -> int:
    """A case in force; returns its id."""
    with writing(context.database) as session:
        return case_terms.open_case(
            session,
            reference=reference,
            legal_basis="witness-search",
            purpose="a test",
            requested_by="an officer",
            sources=sources,
            expires_at=utc_now() + timedelta(days=days),
            now=utc_now(),
        ).id


def enrol(
    name: str,
    photos: Sequence[Path],
    case_id: int,
    context: Context,
    plan: Plan,
    *,
    standing: Standing = AS_IT_IS,
) -> Enrolled:
    """Enrol one person with the plan's engine."""
    return enrol_person(
        caller(context.database),
        case_id,
        name,
        photos,
        engine=context.engine_for(plan),
        context=context,
        standing=standing,
    )


def seen(database: Engine) -> list[tuple[object, ...]]:
    """The sightings found, without the ids of their rows."""
    with reading(database) as session:
        rows = session.exec(select(Sighting).order_by(col(Sighting.start_ms))).all()
    return [(row.start_ms, row.end_ms, row.best_ms, row.quality, row.faces) for row in rows]
