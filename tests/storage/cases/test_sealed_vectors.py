"""Vectors of reference photos cannot be read without the key of their case, nor in another row."""

import numpy as np
import pytest
from rows import NOW, TERMS, add_reference, presence, reference
from sealing import MASTER, keys_of
from sqlalchemy import Engine, event, text
from sqlmodel import Session, select

from errors import WrongUsage
from faces.vectors import unit
from storage import tables
from storage.cases.case_terms import open_case
from storage.cases.gallery import Gallery, engines_of, gallery
from storage.cases.people import add_person, people_in
from storage.cases.references import references
from storage.cases.sealed_vectors import ERASED, opened, with_keys
from storage.database.database import reading, writing
from storage.files.keys import Keyring
from storage.results.case_view import photos_of_case
from storage.results.comparisons import stale

VECTORS = np.random.default_rng(3).normal(size=(300, 128)).astype(np.float32)


def somebody(session: Session, name: str = "Ada", case: str = "A-1") -> int:
    authority = open_case(session, reference=case, now=NOW, **TERMS)
    return add_person(session, case_id=authority.id, name=name, now=NOW)


def known(session: Session, master: bytes = MASTER) -> Gallery:
    keys = Keyring(keys_of(session).database, master)
    return gallery(session, keys=keys, engine="stub", now=NOW)


def test_the_column_holds_neither_precision_of_the_vector(database: Engine) -> None:
    with writing(database) as session:
        add_reference(session, somebody(session), reference(vector=VECTORS[0]))
    with reading(database) as session:
        stored = session.exec(select(tables.Reference)).one().sealed_vector
        assert np.array_equal(known(session).vectors, VECTORS[:1])
    assert stored is not None
    for precision in ("<f4", "<f2"):
        for plain in (VECTORS[0], unit(VECTORS[0])):
            pattern = plain.astype(precision).tobytes()
            assert all(pattern[at : at + 8] not in stored for at in range(0, len(pattern), 4))


def test_a_vector_opens_in_its_own_row_alone(database: Engine) -> None:
    with writing(database) as session:
        ada = somebody(session)
        for number, photo in enumerate(("passport.jpg", "badge.jpg")):
            add_reference(session, ada, reference(photo, vector=VECTORS[number]))
        first, second = session.exec(select(tables.Reference).order_by("id")).all()
        first.sealed_vector, second.sealed_vector = second.sealed_vector, first.sealed_vector
    with reading(database) as session:
        found = known(session)
        assert (found.reference_ids, found.altered, found.vectors.size) == ([], [1, 2], 0)


@pytest.mark.parametrize("change", ["engine = 'dlib'", "photo_sha256 = 'f'", "person_id = 2"])
def test_a_vector_is_not_opened_as_one_of_something_else(database: Engine, change: str) -> None:
    with writing(database) as session:
        add_reference(session, somebody(session), reference())
        somebody(session, "Grace")
        session.connection().execute(text(f"update reference set {change}"))
    with reading(database) as session:
        assert opened(keys_of(session), session.exec(with_keys())) == [None]


def test_another_master_key_opens_and_seals_no_vector(database: Engine) -> None:
    with writing(database) as session:
        add_reference(session, somebody(session), reference())
    with (
        reading(database) as session,
        pytest.raises(WrongUsage, match="not the one that this archive was sealed with"),
    ):
        known(session, bytes(32))


def test_each_case_seals_with_its_own_key_and_no_key_is_looked_up_twice(database: Engine) -> None:
    with writing(database) as session:
        people = [somebody(session, case=case) for case in ("A-1", "B-2")]
        for number, vector in enumerate(VECTORS):
            photo = reference(f"{number:03}.jpg", vector=vector)
            add_reference(session, people[number >= 150], photo)
    looks: list[str] = []
    event.listen(database, "before_cursor_execute", lambda *seen: looks.append(seen[2]))
    with reading(database) as session:
        found = known(session)
        assert len(session.exec(select(tables.DataKey)).all()) == 2
    assert np.array_equal(found.vectors, VECTORS)
    assert sum("reference" in look for look in looks) == 1
    assert sum("data_key" in look for look in looks) == 2  # that one, and the line above


def test_a_photo_whose_key_was_destroyed_finds_nobody_and_says_so(database: Engine) -> None:
    with writing(database) as session:
        ada = somebody(session)
        add_reference(session, ada, reference())
        session.connection().execute(text("delete from data_key"))
    with reading(database) as session:
        assert known(session).reference_ids == []
        assert (engines_of(session, [ada]), list(stale(session, NOW))) == ([], [])
        assert [one.usable_photos for one in people_in(session, 1)] == [0]
        (photo,), (listed,) = references(session, ada), photos_of_case(session, 1)
        assert (photo.verdict, listed.verdict) == (ERASED, ERASED)


def test_a_photo_whose_key_was_destroyed_can_be_handed_in_again(database: Engine) -> None:
    with writing(database) as session:
        ada = somebody(session)
        erased = add_reference(session, ada, reference())
        session.connection().execute(text("delete from data_key"))
    with writing(database) as session:
        again = add_reference(session, ada, reference())
        assert again != erased
        assert known(session).reference_ids == [again]
        assert np.array_equal(known(session).vectors[0], presence().vector)
        assert [one.verdict for one in references(session, ada)] == ["Usable."]


@pytest.mark.parametrize("vector", [np.full(4, np.nan), np.ones((2, 2)), np.ones(0)])
def test_what_is_no_vector_is_not_sealed(database: Engine, vector: np.ndarray) -> None:
    with pytest.raises(ValueError, match="not a finite vector"), writing(database) as session:
        add_reference(session, somebody(session), reference(vector=vector.astype(np.float32)))
