"""Jobs are selected by number, by case or all; each change is recorded with what it changed."""

import json

import pytest
from callers import caller
from rows import NOW, PLAN, TERMS, found, segments
from sqlalchemy import Engine

from errors import WrongUsage
from pipeline.planning.control import Controlled, Selection, cancel, pause
from storage.access.audit import entries
from storage.cases.case_terms import open_case
from storage.database.database import reading, writing
from storage.jobs.recordings import Request, add


@pytest.fixture
def store(database: Engine) -> Engine:
    """Two jobs; the second is of case 1."""
    with writing(database) as session:
        case = open_case(session, reference="A-1", now=NOW, **TERMS)
        add(session, found(), segments=segments(), now=NOW, **PLAN)
        of_case = Request(case_id=case.id)
        yard = found("b" * 64, "/footage/yard.mp4")
        add(session, yard, segments=segments(), now=NOW, request=of_case, **PLAN)
    return database


@pytest.mark.parametrize(
    ("selection", "jobs"),
    [
        (Selection(), []),
        (Selection(jobs=[2, 2]), [2]),
        (Selection(case_id=1), [2]),
        (Selection(everything=True), [1, 2]),
    ],
)
def test_what_is_selected_is_changed_and_recorded(
    store: Engine, selection: Selection, jobs: list[int]
) -> None:
    assert pause(caller(store, now=NOW), selection) == Controlled(jobs, jobs)
    with reading(store) as session:
        (entry,) = entries(session)
    assert entry.action == "jobs_changed"
    assert json.loads(entry.objects) == {"mode": "pause", "analysis_ids": jobs}


def test_an_unknown_job_changes_nothing(store: Engine) -> None:
    with pytest.raises(WrongUsage, match="No job 7"):
        cancel(caller(store, now=NOW), Selection(jobs=[1, 7]))
    with reading(store) as session:
        assert not list(entries(session))
