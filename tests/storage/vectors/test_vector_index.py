"""The matrix file of a SQLite database is what the tables say, whatever happened to them."""

import shutil
import sqlite3
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rows import NOW, PLAN, TERMS, appearance_vectors, found, presence, segments
from sqlalchemy import Engine

from faces.engines.stub import StubEngine
from storage.cases.case_terms import open_case
from storage.cases.scope import EVERYWHERE, Scope
from storage.database.database import connect, reading, writing
from storage.database.moments import milliseconds
from storage.jobs.control import forget
from storage.jobs.recordings import add
from storage.results.purge import scrub
from storage.results.reach import Unsearched, reach
from storage.tables import Recording
from storage.vectors.appearances import replace_appearances
from storage.vectors.embeddings import keep_vectors
from storage.vectors.nearest import Near, nearest, nearest_of_many, strategy
from storage.vectors.vector_index import folder_beside, index

CARD = replace(StubEngine().card, dimension=8, threshold=2.0)
FACES = np.random.default_rng(3).normal(size=(400, 8)).astype(np.float32)
PHOTO = FACES[:1]


@pytest.fixture
def archive(sqlite_model: Path, tmp_path: Path) -> Iterator[Engine]:
    shutil.copy(sqlite_model, tmp_path / "nightreel.db")
    engine = connect(f"sqlite:///{tmp_path / 'nightreel.db'}")
    yield engine
    engine.dispose()


def show(database: Engine, recording: int, faces: np.ndarray) -> list[int]:
    """Make these the faces of a recording; returns the ids of their appearances."""
    with writing(database) as session:
        known = add(session, found(f"{recording:064}"), segments=segments(1), now=NOW, **PLAN)
        seen = [replace(presence(3_000 * n), vector=v) for n, v in enumerate(faces)]
        return replace_appearances(session, known.analysis_id, seen)


def indexed(database: Engine, engine: str = "stub") -> dict[int, np.ndarray]:
    with index(database, engine) as found:
        ids = found.rows.appearance_ids.tolist()
        return dict(zip(ids, found.rows.matrix.astype(np.float32), strict=True))


def is_true(database: Engine, engine: str = "stub") -> bool:
    """Whether the file holds every embedding there is, and no other."""
    with reading(database) as session:
        ids, vectors = appearance_vectors(session, engine=engine)
    rows = indexed(database, engine)
    lengths = np.linalg.norm(vectors, axis=1) if ids else []
    return sorted(rows) == ids and all(
        np.abs(rows[id] - vector / length).max() < 1e-3
        for id, vector, length in zip(ids, vectors, lengths, strict=True)
    )


def search(database: Engine) -> list[Near]:
    with reading(database) as session:
        return nearest(session, PHOTO, card=CARD, scope=EVERYWHERE, limit=1000)


def test_what_comes_changes_and_goes_is_so_in_the_file(archive: Engine) -> None:
    assert is_true(archive)
    show(archive, 1, FACES[:40])
    assert is_true(archive)
    show(archive, 2, FACES[40:50])
    assert is_true(archive)
    show(archive, 1, FACES[30:35])
    assert is_true(archive)
    with writing(archive) as session:
        forget(session, [2])
    assert is_true(archive)
    show(archive, 1, FACES[:0])
    assert indexed(archive) == {}


def test_every_engine_has_a_file_of_its_own(archive: Engine) -> None:
    ids = show(archive, 1, FACES[:3])
    theirs = np.ones((2, 16), np.float32)
    with writing(archive) as session:
        keep_vectors(session, ids[1:], theirs, engine="dlib", weights_sha256=None)
    assert sorted(indexed(archive, "dlib")) == ids[1:]
    assert is_true(archive)


@settings(max_examples=10)
@given(
    steps=st.lists(
        st.tuples(st.integers(1, 4), st.integers(0, 9), st.booleans()), min_size=1, max_size=12
    )
)
def test_any_history_leaves_the_file_equal_to_the_tables(
    steps: list[tuple[int, int, bool]], sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("history") / "nightreel.db"
    shutil.copy(sqlite_model, file)
    database = connect(f"sqlite:///{file}")
    for number, (recording, faces, looked_at) in enumerate(steps):
        show(database, recording, FACES[20 * number : 20 * number + faces])
        assert not looked_at or is_true(database)
    assert is_true(database)
    database.dispose()


def test_an_older_database_that_was_restored_is_not_mistaken_for_the_newer(
    archive: Engine, tmp_path: Path
) -> None:
    show(archive, 1, FACES[:5])
    backup = tmp_path / "backup.db"
    _copy(archive, backup)
    show(archive, 2, FACES[10:15])
    assert is_true(archive)
    _copy(connect(f"sqlite:///{backup}"), archive)
    assert is_true(archive)
    show(archive, 3, FACES[20:25])  # as many changes as before, so the numbers are the same
    assert is_true(archive)
    assert len(indexed(archive)) == 10


def _copy(source: Engine, target: Engine | Path) -> None:
    """As `sqlite3 .backup` and `.restore` do."""
    path = target if isinstance(target, Path) else target.url.database
    with sqlite3.connect(source.url.database) as there, sqlite3.connect(path) as here:
        there.backup(here)
    there.close()
    here.close()


def test_deleted_vectors_leave_no_byte_in_the_file(archive: Engine) -> None:
    show(archive, 1, FACES[:3])
    gone = indexed(archive)[1].astype(np.float16).tobytes()
    matrix = next(folder_beside(archive).glob("*/matrix"))
    assert gone in matrix.read_bytes()
    show(archive, 1, FACES[1:3])
    indexed(archive)
    assert gone not in matrix.read_bytes()


def test_a_purge_leaves_no_file_and_the_next_search_makes_it_again(
    archive: Engine,
) -> None:
    show(archive, 1, FACES[:3])
    before = search(archive)
    assert scrub(archive) == []
    assert not list(folder_beside(archive).glob("*/matrix"))
    assert search(archive) == before


def test_a_file_that_somebody_left_half_changed_is_rebuilt(archive: Engine) -> None:
    show(archive, 1, FACES[:30])
    indexed(archive)
    folder = next(folder_beside(archive).iterdir())
    (folder / "state").unlink()
    (folder / "matrix").write_bytes(b"half")
    assert is_true(archive)


def test_more_changes_than_are_remembered_make_the_file_again(archive: Engine) -> None:
    show(archive, 1, FACES[:30])
    indexed(archive)
    show(archive, 1, FACES[30:60])
    with writing(archive) as session:
        session.connection().exec_driver_sql(
            "delete from embedding_change where id < (select max(id) from embedding_change)"
        )
    assert is_true(archive)


def test_the_file_is_its_owners_alone(archive: Engine) -> None:
    show(archive, 1, FACES[:3])
    indexed(archive)
    folder = folder_beside(archive)
    files = [folder, *folder.rglob("*")]
    assert len(files) == 6  # two folders, the lock, the state, the rows and the matrix
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 for path in files)


def test_where_no_file_can_be_written_the_tables_are_searched_and_the_log_says_so(
    archive: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    show(archive, 1, FACES)
    wanted = search(archive)
    shutil.rmtree(folder_beside(archive))
    folder_beside(archive).write_text("in the way")
    assert not caplog.records
    assert search(archive) == wanted
    assert len(wanted) > 100
    assert caplog.messages == ["the table is searched: no vector index can be kept (File exists)"]


def test_what_fails_in_a_search_itself_is_not_taken_for_a_missing_file(archive: Engine) -> None:
    with reading(archive) as session, pytest.raises(OSError, match="in the search"):  # noqa: SIM117
        with strategy(session, CARD, EVERYWHERE):
            raise OSError("in the search")


@pytest.mark.parametrize(
    ("days", "inside"), [((10, 20), 0), ((-20, -10), 0), ((0, 1), 400), ((0.0001, 1), 397)]
)
def test_a_search_in_the_file_keeps_to_the_window_of_its_case(
    archive: Engine, days: tuple[float, float], inside: int
) -> None:
    show(archive, 1, FACES)
    begin, end = (NOW + timedelta(days=number) for number in days)
    with writing(archive) as session:
        session.get_one(Recording, 1).captured_ms = milliseconds(NOW)
        session.get_one(Recording, 1).duration_ms = 3000 * len(FACES)
        terms = TERMS | {"footage_from": begin, "footage_until": end}
        scope = Scope(open_case(session, reference="A-1", now=NOW, **terms))
    assert is_true(archive)  # there is a file to search
    with reading(archive) as session:
        one = nearest(session, PHOTO, card=CARD, scope=scope, limit=1000)
        (many,) = nearest_of_many(session, [PHOTO], card=CARD, scope=scope)
        reached = reach(session, engine="stub", scope=scope)
    assert (len(one), len(many)) == (inside, inside)
    assert (Unsearched.OUTSIDE_WINDOW in reached.not_searched) == (inside == 0)


def test_an_empty_file_holds_nobody_whatever_the_window(archive: Engine) -> None:
    with writing(archive) as session:
        terms = TERMS | {"footage_from": NOW, "footage_until": NOW + timedelta(days=1)}
        scope = Scope(open_case(session, reference="A-1", now=NOW, **terms))
    with reading(archive) as session:
        assert nearest(session, PHOTO, card=CARD, scope=scope, limit=10) == []
        assert nearest_of_many(session, [PHOTO], card=CARD, scope=scope) == [[]]


def test_many_people_get_what_each_would_get_alone(archive: Engine) -> None:
    show(archive, 1, FACES)
    card = replace(CARD, threshold=0.9)
    people = [FACES[:2], FACES[200:201], -FACES[7:8]]
    with reading(archive) as session:
        together = nearest_of_many(session, people, card=card)
        alone = [nearest(session, one, card=card, scope=EVERYWHERE, limit=1000) for one in people]
    assert together == alone
    assert all(together)
