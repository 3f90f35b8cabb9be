"""People of a case, and what became of each of their photos."""

from datetime import timedelta

import numpy as np
import pytest
from rows import NOW, TERMS, add_reference, presence, reference
from sealing import keys_of
from sqlalchemy import Engine
from sqlmodel import Session

from storage.cases.case_terms import close_case, open_case
from storage.cases.gallery import gallery
from storage.cases.people import add_person
from storage.cases.references import references
from storage.database.database import reading, writing
from storage.results.comparisons import note_people, stale

REFUSED = {"verdict": "There are two faces.", "vector": None, "crop": None, "quality": None}
OTHER_VECTOR = presence(colour=2.0).vector


def someone(session: Session, name: str = "Ada", case: str = "A-1") -> int:
    authority = open_case(session, reference=case, now=NOW, **TERMS)
    return add_person(session, case_id=authority.id, name=name, now=NOW)


def test_a_name_is_one_person_in_one_case(database: Engine) -> None:
    with writing(database) as session:
        ada = someone(session)
        assert someone(session) == ada
        assert someone(session, name="Grace") != ada
        assert someone(session, case="B-2") != ada


def test_every_photo_is_kept_with_its_verdict(database: Engine) -> None:
    with writing(database) as session:
        ada = someone(session)
        add_reference(session, ada, reference("passport.jpg"))
        add_reference(session, ada, reference("party.jpg", **REFUSED))
    with reading(database) as session:
        passport, party = references(session, ada)
    assert (passport.photo_name, passport.verdict) == ("passport.jpg", "Usable.")
    assert (party.photo_name, party.verdict) == ("party.jpg", "There are two faces.")


def test_the_same_photo_twice_equals_the_photo_once(database: Engine) -> None:
    with writing(database) as session:
        ada = someone(session)
        first = add_reference(session, ada, reference())
        note_people(session, [ada], "stub", NOW)
    with writing(database) as session:
        assert add_reference(session, ada, reference()) == first
        assert len(references(session, ada)) == 1
        assert list(stale(session, NOW)) == []


def test_a_photo_seen_by_other_weights_has_everything_matched_again(database: Engine) -> None:
    with writing(database) as session:
        ada = someone(session)
        first = add_reference(session, ada, reference("passport.jpg"))
        second = add_reference(session, ada, reference("badge.jpg"))
        note_people(session, [ada], "stub", NOW)
        again = reference("passport.jpg", weights_sha256="x" * 64, vector=OTHER_VECTOR)
        third = add_reference(session, ada, again)
        assert third not in (first, second)
        seen = gallery(session, keys=keys_of(session), engine="stub", now=NOW)
        assert (seen.person_ids, seen.reference_ids) == ([ada, ada], [second, third])
        assert list(stale(session, NOW)) == [ada]


def test_a_gallery_holds_usable_photos_of_its_engine(database: Engine) -> None:
    with writing(database) as session:
        ada, grace = someone(session, "Ada"), someone(session, "Grace")
        second = add_reference(session, grace, reference("badge.jpg", vector=OTHER_VECTOR))
        first = add_reference(session, ada, reference("passport.jpg"))
        add_reference(session, ada, reference("party.jpg", **REFUSED))
        add_reference(session, ada, reference("passport.jpg", engine="dlib"))
    with reading(database) as session:
        everyone = gallery(session, keys=keys_of(session), engine="stub", now=NOW)
        only_grace = gallery(
            session, keys=keys_of(session), engine="stub", now=NOW, person_ids=[grace]
        )
    assert everyone.person_ids == [ada, grace]
    assert everyone.reference_ids == [first, second]
    assert np.array_equal(everyone.vectors, [reference().vector, OTHER_VECTOR])
    assert only_grace.reference_ids == [second]


def test_a_gallery_of_nobody_is_empty(database: Engine) -> None:
    with reading(database) as session:
        nobody = gallery(session, keys=keys_of(session), engine="stub", now=NOW)
    assert (nobody.person_ids, nobody.reference_ids) == ([], [])
    assert nobody.vectors.shape == (0, 0)


@pytest.mark.parametrize("ending", ["closed", "expired"])
def test_nobody_is_looked_for_without_a_case_in_force(database: Engine, ending: str) -> None:
    with writing(database) as session:
        add_reference(session, someone(session), reference())
        now = NOW
        if ending == "closed":
            close_case(session, 1, NOW)
        else:
            now += timedelta(days=31)
        assert gallery(session, keys=keys_of(session), engine="stub", now=now).reference_ids == []
        assert list(stale(session, now)) == []


def test_someone_is_to_be_compared_until_every_usable_photo_was(database: Engine) -> None:
    with writing(database) as session:
        ada, grace = someone(session, "Ada"), someone(session, "Grace")
        add_reference(session, grace, reference(**REFUSED))
        for name in ("a.jpg", "b.jpg"):
            add_reference(session, ada, reference(name))
            assert stale(session, NOW) == {ada: {"stub"}}
            note_people(session, [ada], "stub", NOW)
            assert stale(session, NOW) == {}
