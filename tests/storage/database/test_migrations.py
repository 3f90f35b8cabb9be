"""What was stored by an earlier version is there in the newest."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from rows import NOW, appearance_vectors
from sealing import MASTER
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from errors import StoreUnavailable, WrongUsage
from pipeline.governance.erasure import of_vector, scan
from storage.cases.cases import EVER, find_case
from storage.cases.gallery import gallery
from storage.cases.people import people_in
from storage.cases.references import NewReference, add_reference
from storage.cases.sources import ARCHIVE
from storage.database.database import (
    NEWEST_VERSION,
    _migrate,
    connect,
    reading,
    upgrade,
    writing,
)
from storage.database.migrate import configuration
from storage.files.keys import Keyring
from storage.tables import Reference

RELEASED = "0001"
"""The tables of 0.1.0."""
VECTORS = np.random.default_rng(1).normal(size=(3, 128)).astype(np.float32)
BEFORE_EMBEDDINGS = """
insert into "case" (reference, legal_basis, purpose, authorised_by, opened_at, expires_at)
 values ('A-1', 'warrant', 'to find a witness', 'A. Judge', :now, :later);
insert into person (case_id, name, asked_at) values (1, 'Ada', :now);
insert into reference (person_id, photo_sha256, photo_name, engine, weights_sha256, verdict)
 values (1, 'p', 'ada.jpg', 'stub', 'w', 'Usable.'), (1, 'p', 'ada.jpg', 'dlib', 'w', 'Usable.');
insert into plan (key, engine, body) values ('0', 'stub', '{}'), ('1', 'dlib', '{}');
insert into recording (sha256, name, path, size_bytes, modified_ns, codec, width, height, rotation,
 pixel_format, time_base, start_us, duration_ms, packets, added_at)
 values ('a', 'gate.mp4', :bytes, 1, 1, 'h264', 1, 1, 0, 'yuv420p', '1/1', 0, 1, 1, :now);
insert into analysis (recording_id, plan_key, state, asked_at)
 values (1, '0', 'done', :now), (1, '1', 'done', :now);
insert into appearance (analysis_id, ordinal, start_ms, end_ms, best_ms, box_x, box_y, box_width,
 box_height, score, quality, faces, vector, crops)
 values (1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, :vector_0, '[]'),
 (1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, :vector_1, '[]'),
 (2, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, :vector_2, '[]');
insert into candidate (person_id, appearance_id, reference_id, distance, threshold, rank)
 values (1, 2, 1, 0.1, 0.4, 1), (1, 3, 2, 0.2, 0.4, 1), (1, 1, 1, 0.3, 0.4, 2);
delete from candidate where appearance_id = 1
"""


@pytest.fixture
def earlier(empty_url: str) -> Iterator[Engine]:
    """A database of 0.1.0 with a candidate of each of two engines."""
    yield from _released(empty_url, BEFORE_EMBEDDINGS)


def _released(url: str, statements: str) -> Iterator[Engine]:
    engine = connect(url)
    with engine.execution_options(writes=True).begin() as connection:
        command.upgrade(configuration(connection), RELEASED)
        _fill(connection, statements)
    yield engine
    engine.dispose()


def _fill(connection: Connection, statements: str) -> None:
    values = {"now": "2026-03-01 22:00:00+00:00", "bytes": b"/gate.mp4"}
    values |= {"later": "2026-04-01 22:00:00+00:00"}
    values |= {f"vector_{number}": row.tobytes() for number, row in enumerate(VECTORS)}
    for statement in statements.split(";"):
        used = {name: value for name, value in values.items() if f":{name}" in statement}
        connection.execute(text(statement), used)


def test_vectors_move_to_the_engine_of_their_plan(earlier: Engine) -> None:
    upgrade(earlier)
    with reading(earlier) as session:
        ids, vectors = appearance_vectors(session, engine="stub")
        assert (ids, vectors.tobytes()) == ([1, 2], VECTORS[:2].tobytes())
        ids, vectors = appearance_vectors(session, engine="dlib")
        assert (ids, vectors.tobytes()) == ([3], VECTORS[2:].tobytes())


def test_candidates_keep_their_ids_and_know_their_engine(earlier: Engine) -> None:
    upgrade(earlier)
    with earlier.execution_options(writes=True).begin() as connection:
        kept = connection.execute(text("select id, engine from candidate order by id"))
        assert [tuple(row) for row in kept] == [(1, "stub"), (2, "dlib")]
        connection.execute(
            text(
                "insert into candidate (person_id, appearance_id, reference_id, engine, distance,"
                " threshold, rank) values (1, 2, 2, 'dlib', 0.1, 0.4, 1)"
            )
        )
        newest = connection.execute(text("select max(id) from candidate")).scalar_one()
    assert newest == 4, "the id of something that is gone is never used again"


def test_an_older_case_goes_on_as_it_was_and_says_what_is_not_known(earlier: Engine) -> None:
    upgrade(earlier)
    with reading(earlier) as session:
        case = find_case(session, "A-1")
        (ada,) = people_in(session, case.id)
    assert (case.legal_basis, case.basis_note) == ("legacy", "warrant")
    assert (case.sources, case.footage_from, case.footage_until) == ((ARCHIVE,), *EVER)
    assert (case.requested_by, case.authorised_by) == ("not recorded", "A. Judge")
    assert case.is_in_force(case.opened_at)
    assert (ada.category, ada.review_at, ada.usable_photos) == ("other", case.expires_at, 0)


BEFORE_VECTORS_WERE_SEALED = """
insert into "case" (reference, legal_basis, purpose, authorised_by, opened_at, expires_at)
 values ('A-1', 'warrant', 'p', 'A. Judge', :now, :later),
 ('B-2', 'warrant', 'p', 'A. Judge', :now, :later);
insert into person (case_id, name, asked_at) values (1, 'Ada', :now), (2, 'Grace', :now);
insert into reference (person_id, photo_sha256, photo_name, engine, weights_sha256, verdict, vector)
 values (1, 'p', 'ada.jpg', 'stub', 'w', 'good', :vector_0),
 (2, 'q', 'grace.jpg', 'stub', 'w', 'good', :vector_1), (2, 'r', 'x.jpg', 'stub', 'w', 'bad', null),
 (2, 's', 'gone.jpg', 'stub', 'w', 'good', :vector_2);
delete from reference where photo_sha256 = 's'
"""
PATTERNS = [piece for vector in VECTORS for piece in of_vector(vector)]


@pytest.fixture
def plain(empty_url: str) -> Iterator[Engine]:
    """A database of 0.1.0 with the vectors of two cases."""
    yield from _released(empty_url, BEFORE_VECTORS_WERE_SEALED)


def _version(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.execute(text("select version_num from alembic_version")).scalar())


def test_vectors_of_reference_photos_are_sealed_with_the_keys_of_their_cases(plain: Engine) -> None:
    upgrade(plain, lambda: MASTER)
    with reading(plain) as session:
        known = gallery(session, keys=Keyring(plain, MASTER), engine="stub", now=NOW)
        used = session.exec(select(Reference.key_id).order_by("id")).all()
    assert known.vectors.tobytes() == VECTORS[:2].tobytes()
    assert used == [1, 2, None]
    with writing(plain) as session:
        photo = NewReference("p", "ada.jpg", "stub", "w", "good", None, None, vector=VECTORS[0])
        keys = Keyring(plain, MASTER)
        assert add_reference(session, 1, photo, keys=keys) == 1, "sealed as it would be today"
        photo = NewReference("t", "new.jpg", "stub", "w", "good", None, None, vector=VECTORS[2])
        assert add_reference(session, 1, photo, keys=keys) == 5, "no id is used again"


def test_no_plain_vector_is_left_in_the_database_files(plain: Engine, tmp_path: Path) -> None:
    if plain.dialect.name != "sqlite":
        pytest.skip("the server's files are its own; see the next test")
    assert scan([tmp_path], PATTERNS[:2]).found_in
    upgrade(plain, lambda: MASTER)
    assert scan([tmp_path], PATTERNS).found_in == ()


def test_no_plain_vector_is_left_in_the_file_of_postgresqls_table(plain: Engine) -> None:
    if plain.dialect.name != "postgresql":
        pytest.skip("a server's file")
    assert any(PATTERNS[0] in content for content in _table_files(plain))
    upgrade(plain, lambda: MASTER)
    assert not any(piece in content for content in _table_files(plain) for piece in PATTERNS)


def _table_files(engine: Engine) -> list[bytes]:
    """The files of the table of references and of what PostgreSQL put beside it."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("checkpoint"))
        content = connection.execute(
            text(
                "select pg_read_binary_file(pg_relation_filepath(file)) from (select oid as file"
                " from pg_class where relname = 'reference' union select reltoastrelid"
                " from pg_class where relname = 'reference') as files"
            )
        )
        return [bytes(one) for one in content.scalars()]


def test_without_the_key_file_nothing_is_upgraded(plain: Engine) -> None:
    with pytest.raises(WrongUsage, match="key file"):
        upgrade(plain)
    assert _version(plain) == RELEASED
    upgrade(plain, lambda: MASTER)
    assert _version(plain) == NEWEST_VERSION


def test_while_others_read_vectors_as_they_were_nobody_goes_on(
    plain: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    if plain.dialect.name != "sqlite":
        pytest.skip("only SQLite has a log of writes of its own")
    monkeypatch.setattr("storage.database.sqlite_engine.BUSY_SECONDS", 0.05)
    mine = connect(plain.url.render_as_string())
    with plain.connect() as connection:
        connection.execute(text("select * from reference"))
        for _ in range(2):
            with pytest.raises(StoreUnavailable, match="stop every other Nightreel"):
                upgrade(mine, lambda: MASTER)
    upgrade(mine, lambda: MASTER)
    assert _version(mine) == NEWEST_VERSION
    mine.dispose()


BEFORE_SOURCES_WERE_FOLDERS = {
    "A-1": ["station", "added", "text:x"],
    "A-2": ["*"],
    "A-3": ["/gate/\udcff"],
}
"""Sources, which were any part of a path or name, by case."""
CASE_OF_THEN = """
insert into "case" (reference, legal_basis, basis_note, purpose, requested_by, sources,
 footage_from, footage_until, needs_authorisation, urgent, opened_at, expires_at)
 values (:reference, 'witness-search', '', 'p', 'J', :sources, '1900-01-01 00:00:00+00:00',
 '2200-01-01 00:00:00+00:00', false, false, '2026-03-01 22:00:00+00:00',
 '2026-04-01 22:00:00+00:00')
"""


def test_the_sources_of_a_case_still_mean_what_they_did(empty_url: str) -> None:
    engine = connect(empty_url)
    with engine.execution_options(writes=True).begin() as connection:
        command.upgrade(configuration(connection), "0031")
        for reference, sources in BEFORE_SOURCES_WERE_FOLDERS.items():
            values = {"reference": reference, "sources": json.dumps(sources)}
            connection.execute(text(CASE_OF_THEN), values)
    upgrade(engine)
    with reading(engine) as session:
        kept = [find_case(session, reference).sources for reference in BEFORE_SOURCES_WERE_FOLDERS]
    engine.dispose()
    assert kept == [("text:station", "added", "text:text:x"), ("*",), ("text:/gate/\udcff",)]


VERDICTS_BEFORE_0034 = """
insert into account (name, must_change_password, roles, created_at)
 values ('ann', :no, '["reviewer"]', :now), ('ben', :no, '["reviewer"]', :now);
insert into verdict (person_id, appearance_id, account_id, place, decision, decided_at, seeded,
 below_floor, recording_sha256, start_ms, end_ms, best_ms, crop, quality, distance, threshold,
 reference_id, engine, plan_key)
 values (1, 2, 1, 1, 'same', :now, :no, :no, 'a', 0, 1, 0, 'c.jpg', 1, 0.1, 0.4, 1, 'stub', '0'),
 (1, 2, 2, 2, 'same', :now, :no, :no, 'a', 0, 1, 0, 'c.jpg', 1, 0.1, 0.4, 1, 'stub', '0'),
 (1, 9, 2, 1, 'same', :now, :no, :no, 'a', 0, 1, 0, 'd.jpg', 1, 0.1, 0.4, 99, 'stub', '0');
insert into quality_override (person_id, appearance_id, account_id, reason, written_at)
 values (1, 2, 1, 'clear', :now)
"""


def test_verdicts_and_overrides_count_for_what_was_shown(earlier: Engine) -> None:
    """The photo of a verdict is named where it still exists; the guards hold afterwards."""
    _migrate(earlier, "0033", lambda: MASTER)
    with writing(earlier) as session:
        for statement in VERDICTS_BEFORE_0034.split(";"):
            values = {"no": False, "now": "2026-03-01 22:00:00+00:00"}
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            session.connection().execute(text(statement), used)
    upgrade(earlier)
    with reading(earlier) as session:
        shown = "select photo_sha256, photo_name from verdict order by id"
        rows = [tuple(row) for row in session.connection().execute(text(shown))]
        kept = "select engine, reference_id, crop from quality_override"
        [override] = [tuple(row) for row in session.connection().execute(text(kept))]
    assert rows == [("p", "ada.jpg"), ("p", "ada.jpg"), ("", "")]
    assert override == ("stub", 1, "c.jpg")
    with pytest.raises(DBAPIError, match="final"), writing(earlier) as session:
        session.connection().execute(text("delete from verdict where id = 1"))
    with pytest.raises(DBAPIError, match="never changed"), writing(earlier) as session:
        session.connection().execute(text("update verdict set crop = 'x'"))
