"""Runs the same steps in one process without Celery: `python -m bench.inline FILM PHOTO`."""

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.watch import watch
from pipeline.clock import utc_now
from pipeline.intake.ingest import ingest_file
from pipeline.people.enrol import enrol_person
from settings import Settings
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.jobs.dispatcher import undispatched
from storage.results.candidates import candidates
from worker.resources import Resources


def main(film: str, photo: str) -> None:
    """Enrol, ingest, process every segment, match; prints the candidates' distances as JSON."""
    with tempfile.TemporaryDirectory() as home:
        mine = Resources(Settings(home=Path(home)))
        context, now = mine.context, utc_now()
        with writing(mine.database) as session:
            case = open_case(
                session, reference="bench", legal_basis="demonstration", purpose="measuring",
                requested_by="bench", sources=["*"], expires_at=now + timedelta(days=1), now=now,
            )  # fmt: skip
        asks = Caller(mine.database, "worker", now)
        enrol_person(asks, case.id, "A", [Path(photo)], engine=mine.photo_engine(), context=context)
        known = ingest_file(Path(film), context=context, plan=mine.plan, now=now)
        with reading(mine.database) as session:
            segments = undispatched(session)
        for segment in segments:
            watch(segment, context)
        match_analysis(known.analysis_id, context)
        with reading(mine.database) as session:
            ranked = candidates(session, analysis_ids=[known.analysis_id])
        print(json.dumps({"candidates": [candidate.distance for candidate in ranked]}))


if __name__ == "__main__":
    main(*sys.argv[1:])
