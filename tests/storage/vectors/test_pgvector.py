"""pgvector's index proposes, the exact comparison decides; without it every vector is read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from rows import NOW, PLAN, found, presence
from sqlalchemy import Engine, delete, text
from sqlmodel import col

from errors import WrongUsage
from faces.engines.stub import StubEngine
from faces.matching import rank
from faces.vectors import unit
from storage.cases.scope import EVERYWHERE, Scope
from storage.database.database import connect, reading, upgrade, writing
from storage.jobs.control import forget
from storage.jobs.recordings import add
from storage.tables import Embedding
from storage.vectors.appearances import replace_appearances
from storage.vectors.nearest import Near, nearest
from storage.vectors.pgvector import AT_LEAST, build_index, proposed

CARD = replace(StubEngine().card, dimension=32, threshold=1.0)
PEOPLE, LOOKS, RECORDINGS = 300, 10, 50
A_FEW = Scope(added_until=NOW + timedelta(days=1))
"""One recording of fifty."""

pytestmark = pytest.mark.parametrize("empty_url", ["postgresql"], indirect=True)


def faces() -> np.ndarray:
    """Several looks at each person, in no order."""
    random = np.random.default_rng(11)
    people = random.normal(size=(PEOPLE, CARD.dimension))
    looks = np.repeat(people, LOOKS, axis=0)
    looks = looks + 0.25 * random.normal(size=looks.shape)
    return unit(random.permutation(looks).astype(np.float32))


FACES = faces()


@pytest.fixture
def archive(empty_url: str) -> Iterator[Engine]:
    engine = connect(empty_url)
    upgrade(engine)
    with writing(engine) as session:
        for number, some in enumerate(np.split(FACES, RECORDINGS)):
            added_at = NOW + timedelta(days=number)
            known = add(session, found(f"{number:064}"), segments=[], now=added_at, **PLAN)
            seen = [replace(presence(3_000 * n), vector=v) for n, v in enumerate(some)]
            replace_appearances(session, known.analysis_id, seen)
    yield engine
    engine.dispose()


def search(database: Engine, photo: np.ndarray, scope: Scope = EVERYWHERE) -> list[int]:
    with reading(database) as session:
        near = nearest(session, photo[np.newaxis], card=CARD, scope=scope, limit=20)
        return [one.appearance_id for one in near]


def proposals(database: Engine, scope: Scope = EVERYWHERE) -> np.ndarray | None:
    with reading(database) as session:
        return proposed(session, FACES[:1], CARD, scope, 20)


def is_proposed(database: Engine, scope: Scope = EVERYWHERE) -> bool:
    return proposals(database, scope) is not None


def recall(database: Engine, scope: Scope, among: np.ndarray) -> float:
    hit = wanted = 0
    for photo in FACES[::60]:
        exact = rank(among, photo[np.newaxis], kind=CARD.distance, threshold=CARD.threshold)[:20]
        right = {one.appearance + 1 for one in exact}
        hit, wanted = hit + len(right & set(search(database, photo, scope))), wanted + len(right)
    return hit / wanted


def test_the_index_finds_what_reading_everything_finds(archive: Engine) -> None:
    assert not is_proposed(archive)
    exact = search(archive, FACES[0])
    assert build_index(archive, CARD)
    assert is_proposed(archive)
    assert search(archive, FACES[0])[:LOOKS] == exact[:LOOKS]
    assert recall(archive, EVERYWHERE, FACES) >= 0.98
    assert recall(archive, A_FEW, FACES[: len(FACES) // RECORDINGS]) >= 0.98
    assert not build_index(archive, CARD), "once is enough"


def test_a_filter_that_keeps_much_takes_of_the_proposals_what_it_keeps(
    archive: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.vectors.pgvector.LITTLE", 100)
    build_index(archive, CARD)
    half = Scope(added_until=NOW + timedelta(days=RECORDINGS // 2))
    assert is_proposed(archive, half)
    assert not is_proposed(archive, A_FEW)
    assert recall(archive, half, FACES[: len(FACES) // 2]) >= 0.98


def test_rows_that_were_deleted_are_not_taken_for_all_there_are(archive: Engine) -> None:
    loose = replace(CARD, threshold=2.0)
    build_index(archive, CARD)

    def closest(limit: int) -> list[int]:
        with reading(archive) as session:
            near = nearest(session, FACES[:1], card=loose, scope=EVERYWHERE, limit=limit)
            return [one.appearance_id for one in near]

    ids = closest(PEOPLE * LOOKS)
    gone, rest = ids[: 3 * AT_LEAST], ids[3 * AT_LEAST :]
    with writing(archive) as session:
        session.exec(delete(Embedding).where(col(Embedding.appearance_id).in_(gone)))
    assert closest(20) == rest[:20]


def test_only_what_may_be_among_the_closest_is_compared_exactly(archive: Engine) -> None:
    build_index(archive, CARD)
    ids = proposals(archive)
    assert ids is not None
    assert set(search(archive, FACES[0])) <= set(ids)
    assert len(ids) < 40


def test_several_photos_find_with_the_index_what_they_find_without(archive: Engine) -> None:
    photos = FACES[[0, 1, 2]]

    def near() -> list[Near]:
        with reading(archive) as session:
            return nearest(session, photos, card=CARD, scope=EVERYWHERE, limit=20)

    exact = near()
    build_index(archive, CARD)
    assert near() == exact


def test_what_is_deleted_is_not_proposed_any_more(archive: Engine) -> None:
    build_index(archive, CARD)
    gone = range(1, 1 + len(FACES) // RECORDINGS)
    assert set(search(archive, FACES[0])) & set(gone)
    with writing(archive) as session:
        forget(session, [1])
    assert not set(search(archive, FACES[0])) & set(gone)


def test_an_index_that_was_interrupted_is_built_again(archive: Engine) -> None:
    build_index(archive, CARD)
    with writing(archive) as session:
        session.connection().execute(
            text(
                "update pg_index set indisvalid = false"
                " where indexrelid::regclass::text like 'ix_embedding_near%'"
            )
        )
    assert not is_proposed(archive)
    assert build_index(archive, CARD)
    assert is_proposed(archive)


def test_an_index_that_an_earlier_version_built_is_built_again(archive: Engine) -> None:
    build_index(archive, CARD)
    with writing(archive) as session:
        name = "select relname from pg_class where relname like 'ix_embedding_near%'"
        index = session.connection().execute(text(name)).scalar_one()
        session.connection().execute(text(f"alter index {index} reset (m, ef_construction)"))
    assert not is_proposed(archive)
    assert build_index(archive, CARD)
    assert is_proposed(archive)


def test_where_it_cannot_be_switched_on_that_is_said_and_the_search_goes_on(
    archive: Engine,
) -> None:
    with writing(archive) as session:
        session.connection().execute(text("drop role if exists plain; create role plain login"))
        session.connection().execute(text("grant all on all tables in schema public to plain"))
    theirs = connect(archive.url.set(username="plain").render_as_string(hide_password=False))
    with pytest.raises(WrongUsage, match="reading every vector"):
        build_index(theirs, CARD)
    assert search(theirs, FACES[0]) == search(archive, FACES[0])
    theirs.dispose()


def test_vectors_that_are_too_long_for_the_index_are_told(archive: Engine) -> None:
    with pytest.raises(WrongUsage, match="takes 2000"):
        build_index(archive, replace(CARD, dimension=4096))
