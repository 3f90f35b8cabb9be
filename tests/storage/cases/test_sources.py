"""A source of a case is a folder, compared by whole parts of the path."""

import os
from collections.abc import Iterable
from pathlib import PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import NOW, PLAN, TERMS, found, segments
from sqlalchemy import Engine, delete, update
from sqlmodel import col, select

from errors import WrongUsage
from storage.cases.case_terms import Change, change_case, open_case
from storage.cases.cases import Case
from storage.cases.scope import Scope, within
from storage.cases.sources import TEXT
from storage.database.database import reading, writing
from storage.jobs.recordings import Request, add
from storage.tables import Case as CaseRow
from storage.tables import Recording

NOT_TEXT = "\udcff"
"""A byte of a file name that is no text."""


def store(database: Engine, path: str, *, name: str = "", case_id: int | None = None) -> str:
    """Add a recording with this path; returns its sha256."""
    with reading(database) as session:
        number = len(session.exec(select(Recording.id)).all())
    probed = found(f"{number:064x}", path)
    with writing(database) as session:
        request = Request(case_id=case_id)
        add(session, probed, segments=segments(), now=NOW, request=request, **PLAN)
        if name:
            session.exec(
                update(Recording).where(col(Recording.sha256) == probed.sha256).values(name=name)
            )
    return probed.sha256


def case_of(database: Engine, *sources: str) -> Case:
    """A case with these sources, as the program opens it."""
    with writing(database) as session:
        return open_case(session, reference="A-1", now=NOW, **TERMS | {"sources": sources})


def covered(database: Engine, case: Case) -> set[str]:
    """The paths of the recordings that a case covers."""
    with reading(database) as session:
        rows = session.exec(select(Recording.path).where(within(session, Scope(case))))
        return {os.fsdecode(path) for path in rows}


@pytest.mark.parametrize(
    "path",
    [
        "/footage/bus-depot/1.mp4",
        "/footage/depots/1.mp4",
        "/footage/Depot/1.mp4",
        "/footage/depot.old/1.mp4",
        "/footage/no-depot-here.mp4",
        "/footage/depot",
        "/footage/depot.mp4",
        "s3://depot-1/yard/1.mp4",
    ],
)
def test_a_folder_is_no_piece_of_another_name(database: Engine, path: str) -> None:
    case = case_of(database, "depot")
    store(database, path)
    assert covered(database, case) == set()


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("depot", "/depot/1.mp4"),
        ("depot", "/footage/depot/2026/1.mp4"),
        ("depot/", "/footage/depot/1.mp4"),
        ("./depot", "/footage/depot/1.mp4"),
        ("cctv//depot", "/footage/cctv/depot/1.mp4"),
        ("/footage/depot", "/footage/depot/1.mp4"),
        ("/footage/depot/", "/footage/depot/2026/1.mp4"),
        ("depot", "s3://bucket/cctv/depot/1.mp4"),
        ("bucket", "s3://bucket/cctv/depot/1.mp4"),
        ("s3://bucket", "s3://bucket/cctv/depot/1.mp4"),
        ("s3://bucket/cctv/", "s3://bucket/cctv/depot/1.mp4"),
        (f"caf{NOT_TEXT}", f"/footage/caf{NOT_TEXT}/1.mp4"),
        ("Straße 7%_'\"", "/footage/Straße 7%_'\"/1.mp4"),
    ],
)
def test_a_folder_covers_all_footage_in_it(database: Engine, source: str, path: str) -> None:
    case = case_of(database, source)
    store(database, path)
    assert covered(database, case) == {path}


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("/depot", "/footage/depot/1.mp4"),
        ("/footage/depot", "/old/footage/depot/1.mp4"),
        ("/footage/depot", "/footage/depots/1.mp4"),
        ("cctv/depot", "/footage/cctv/old/depot/1.mp4"),
        ("s3://bucket/cctv", "s3://bucket/cctv-2/1.mp4"),
        ("/bucket", "s3://bucket/1.mp4"),
    ],
)
def test_another_folder_is_not_covered(database: Engine, source: str, path: str) -> None:
    case = case_of(database, source)
    store(database, path)
    assert covered(database, case) == set()


def test_the_folder_of_uploaded_files_is_the_source_of_none_of_them(database: Engine) -> None:
    """Files of all cases are kept there, each under its sha256."""
    case = case_of(database, "footage", "/home/footage")
    store(database, f"/home/footage/{0:064x}", name="gate.mp4")
    own = store(database, "/home/footage/gate.mp4")
    archived = f"/home/footage/{2:064x}"
    store(database, archived)
    assert own == f"{1:064x}"
    assert covered(database, case) == {"/home/footage/gate.mp4", archived}


def test_a_source_of_before_covers_what_it_did(database: Engine) -> None:
    """A part of the path or of the name; cases that have one keep it."""
    case = case_of(database, "elsewhere")
    with writing(database) as session:
        row = session.get_one(CaseRow, case.id)
        row.sources = [f"{TEXT}depot"]
    for path in ("/bus-depot/1.mp4", "/a/no-depot-here.mp4", "/a/Depot/1.mp4"):
        store(database, path)
    store(database, f"/home/footage/{3:064x}", name="depot.mp4")
    with writing(database) as session:
        change = Change(sources=[f"{TEXT}depot", "yard"])
        case, _ = change_case(session, case.id, change, NOW)
    assert covered(database, case) == {
        "/bus-depot/1.mp4",
        "/a/no-depot-here.mp4",
        f"/home/footage/{3:064x}",
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"{TEXT}depot", "give a folder"),
        ("/", "names no folder"),
        (".", "names no folder"),
        ("s3://", "names no folder"),
        ("/footage/../depot", r"contains `\.\.`"),
    ],
)
def test_what_is_no_folder_is_not_taken(database: Engine, source: str, message: str) -> None:
    with pytest.raises(WrongUsage, match=message):
        case_of(database, source)
    case = case_of(database, "yard")
    with pytest.raises(WrongUsage, match=message), writing(database) as session:
        change_case(session, case.id, Change(sources=[source]), NOW)


PARTS = st.sampled_from(["depot", "Depot", "depots", "bus-depot", "d", "a b", NOT_TEXT, "%", "é"])
PATHS = st.builds(
    lambda root, parts: root + "/".join(parts),
    st.sampled_from(["/", "s3://bucket/"]),
    st.lists(PARTS, min_size=1, max_size=4),
)
SOURCES = st.builds(
    lambda root, parts, end: root + "/".join(parts) + end,
    st.sampled_from(["", "/", "./", "s3://bucket/"]),
    st.lists(PARTS, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
)


def plainly_in(path: str, source: str) -> bool:
    """Whether a path is in the folder of a source, by the parts that pathlib takes it for."""
    folders, wanted = PurePosixPath(path).parent.parts, PurePosixPath(source).parts
    if wanted[0] in ("/", "s3:"):
        return folders[: len(wanted)] == wanted
    runs = (folders[start : start + len(wanted)] for start in range(1, len(folders)))
    return wanted in runs


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    paths=st.lists(PATHS, max_size=6, unique=True),
    sources=st.lists(SOURCES, min_size=1, max_size=2),
)
def test_what_a_case_covers_is_what_a_plain_reckoning_says(
    database: Engine, paths: Iterable[str], sources: list[str]
) -> None:
    with writing(database) as session:
        session.exec(delete(Recording))
        session.exec(delete(CaseRow))
    case = case_of(database, *sources)
    for path in paths:
        store(database, path)
    inside = {path for path in paths if any(plainly_in(path, source) for source in sources)}
    assert covered(database, case) == inside
