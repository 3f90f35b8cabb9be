"""What is purged is gone: from the tables, from the disk, from every byte of the home folder."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from painted import BLUE, GREEN, RED, Stay, paint, paint_photo
from sealing import sealed
from sqlalchemy import text
from sqlmodel import select
from steps import enrol, find, open_case

from errors import NotAuthorised, WrongUsage
from pipeline.act import Caller
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.governance.erasure import of_picture, of_sealed, of_vector, scan
from pipeline.governance.purge import (
    purge_bystanders,
    purge_case,
    purge_person,
    purge_recordings,
)
from pipeline.plan import Plan
from storage.access import audit
from storage.access.accounts import Role, add_account
from storage.cases.case_terms import close_case
from storage.cases.cases import find_case
from storage.database.database import reading, writing
from storage.jobs import control, uploads
from storage.results import purge
from storage.results.purge import doomed, everything_of_case, vectors
from storage.tables import (
    Analysis,
    Appearance,
    Candidate,
    Case,
    CaseRecording,
    DataKey,
    Person,
    Recording,
    Sighting,
    Table,
    Upload,
)
from storage.vectors.vector_index import index

COLOUR_OF_NOBODY = (200, 120, 30)
CASE = 1


def asking(context: Context, days: float = 1 / 24) -> Caller:
    """Who purges, this long after now."""
    return Caller(context.database, "uid:1000", utc_now() + timedelta(days=days))


def rows(context: Context, table: type[Table]) -> int:
    with reading(context.database) as session:
        return len(session.exec(select(table)).all())


def of_case(context: Context, case_id: int, *recording_ids: int) -> None:
    with writing(context.database) as session:
        for id in recording_ids:
            session.add(CaseRecording(case_id=case_id, recording_id=id))


def recording_of(context: Context, analysis_id: int) -> int:
    with reading(context.database) as session:
        return session.get_one(Analysis, analysis_id).recording_id


def close(context: Context, reference: str = "2026-1") -> None:
    with writing(context.database) as session:
        close_case(session, find_case(session, reference).id, utc_now())


@pytest.fixture
def yard(tmp_path: Path) -> Path:
    return paint(tmp_path / "yard.mp4", 4, Stay(BLUE, 1, 3), Stay(GREEN, 1, 3, x=190))


@pytest.fixture
def worked(context: Context, plan: Plan, clip: Path, yard: Path, tmp_path: Path) -> tuple[int, int]:
    """A case with red enrolled, `gate.mp4` its alone, `yard.mp4` another case's too."""
    case = open_case(context)
    other = open_case(context, "2026-2")
    gate, shared = (recording_of(context, find(path, context, plan)) for path in (clip, yard))
    of_case(context, case, gate, shared)
    of_case(context, other, shared)
    enrolled = enrol("Red", [paint_photo(tmp_path / "red.png", RED)], case, context, plan)
    match_person(enrolled.person_id, context)
    assert rows(context, Candidate) == 1
    return gate, shared


def test_a_purged_case_takes_its_people_and_its_own_footage_with_it(
    context: Context, worked: tuple[int, int]
) -> None:
    close(context)
    certificate = purge_case(asking(context), CASE, context, ())
    assert (rows(context, Person), rows(context, Candidate)) == (0, 0)
    with reading(context.database) as session:
        assert [one.id for one in session.exec(select(Recording))] == [worked[1]]
        assert session.exec(select(Case).filter_by(reference="2026-1")).one().purged_at
    assert certificate.rows["recording"] == 1
    assert certificate.rows["data_key"] == 2
    assert certificate.rows["candidate"] == 1


@pytest.mark.usefixtures("worked")
def test_no_byte_of_a_purged_case_is_left_in_the_home_folder(
    context: Context, tmp_path: Path
) -> None:
    with reading(context.database) as session:
        case = session.exec(select(Case).filter_by(reference="2026-1")).one()
        going = doomed(everything_of_case(case.id))
        gone = vectors(session, going, 1000)
        closed = list(map(of_sealed, purge.sealed(session, going, 1000)))
    names = [path.name for path in (tmp_path / "media").rglob("*.jpg")]
    before = [*closed, *(piece for vector in gone for piece in of_vector(vector))]
    pictures = {name: [*of_picture(context.media.store.read(name)),
                       *of_picture(context.media.read(name))] for name in names}  # fmt: skip
    close(context)
    everything = [*before, *(piece for some in pictures.values() for piece in some)]
    assert ".jpg" in {path.suffix for path in scan([tmp_path], everything).found_in}
    if context.database.dialect.name == "sqlite":
        assert all(scan([tmp_path], [piece]).found_in for piece in closed)
        assert scan([tmp_path], before[len(closed) :]).found_in

    certificate = purge_case(asking(context), CASE, context, [tmp_path])

    left = {path.name for path in (tmp_path / "media").rglob("*.jpg")}
    before += [piece for name in set(names) - left for piece in pictures[name]]
    assert certificate.pictures == len(set(names) - left) > 0
    assert len(gone) >= 2  # sightings, appearances
    assert len(closed) == 3  # a reference, the keys of the case and of its recording
    assert scan([tmp_path], before).found_in == ()
    assert certificate.is_proven
    assert certificate.proof.patterns
    assert all(context.media.read(name) for name in left)


@pytest.mark.usefixtures("worked")
def test_no_byte_of_the_home_shows_a_vector_of_whoever_is_looked_for(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    photo = paint_photo(tmp_path / "absent.png", COLOUR_OF_NOBODY)
    enrolled = enrol("Absent", [photo], 1, context, plan)
    match_person(enrolled.person_id, context)
    with reading(context.database) as session:
        going = doomed(purge.person(enrolled.person_id))
        (vector,) = purge.opened_vectors(session, going, 1000, keys=context.media.keys)
        (seen, *_) = vectors(session, doomed(everything_of_case(1)), 1000)
    if context.database.dialect.name == "sqlite":
        with index(context.database, "stub"):
            found = {path.name for path in scan([tmp_path], of_vector(seen)).found_in}
        assert found == {"nightreel.db-wal", "matrix"}
    assert scan([tmp_path], of_vector(vector)).found_in == ()


def test_what_was_sealed_with_a_lost_master_key_can_be_purged(
    context: Context, worked: tuple[int, int], tmp_path: Path
) -> None:
    close(context)
    other = replace(context, media=sealed(tmp_path / "media", context.database, bytes(32)))
    certificate = purge_case(asking(other), CASE, other, [tmp_path])
    assert certificate.is_proven
    assert certificate.rows["reference"] == 1
    with reading(context.database) as session:
        assert [one.id for one in session.exec(select(Recording))] == [worked[1]]


@pytest.mark.usefixtures("worked")
def test_a_case_whose_pictures_are_lost_or_damaged_can_be_purged(
    context: Context, tmp_path: Path
) -> None:
    first, *others = sorted((tmp_path / "media").rglob("*.jpg"))
    first.unlink()
    for each in others:
        each.write_bytes(b"damaged")
    close(context)
    assert purge_case(asking(context), CASE, context, [tmp_path]).rows["reference"] == 1


@pytest.mark.usefixtures("worked")
def test_the_scan_finds_what_is_still_there(context: Context, tmp_path: Path) -> None:
    (name, *_) = (path.name for path in (tmp_path / "media").rglob("*.jpg"))
    (tmp_path / "leftover.tmp").write_bytes(b"head" + context.media.read(name))
    found = scan([tmp_path], of_picture(context.media.read(name)))
    assert [path.name for path in found.found_in] == ["leftover.tmp"]


@pytest.mark.usefixtures("worked")
def test_a_case_in_force_is_not_purged(context: Context) -> None:
    with pytest.raises(WrongUsage, match="has not ended; close it first"):
        purge_case(asking(context), CASE, context, ())
    assert rows(context, Candidate) == 1


def test_a_case_that_is_not_there_cannot_be_purged(context: Context) -> None:
    with pytest.raises(NotAuthorised, match="No such case"):
        purge_case(asking(context), 9, context, ())


@pytest.mark.usefixtures("worked")
def test_purging_twice_erases_nothing_more(context: Context) -> None:
    close(context)
    purge_case(asking(context), CASE, context, ())
    again = purge_case(asking(context), CASE, context, ())
    assert (again.rows, again.pictures) == ({}, 0)


@pytest.mark.usefixtures("worked")
def test_a_purge_is_in_the_audit_log_with_its_numbers(context: Context) -> None:
    close(context)
    certificate = purge_case(asking(context), CASE, context, ())
    with reading(context.database) as session:
        (entry,) = [one for one in audit.entries(session) if one.action == "purged"]
    assert entry.position == certificate.entry
    assert '"recording":1' in entry.objects
    assert "Red" not in entry.objects


@pytest.mark.usefixtures("worked")
def test_a_person_goes_and_the_footage_stays(context: Context) -> None:
    with reading(context.database) as session:
        person = session.exec(select(Person)).one().id
    seen = rows(context, Appearance)
    certificate = purge_person(asking(context), person, context, ())
    assert certificate.pictures == 1
    assert (rows(context, Person), rows(context, Candidate)) == (0, 0)
    assert rows(context, Appearance) == seen


def test_a_purged_recording_can_be_added_again_and_is_watched_again(
    context: Context, plan: Plan, clip: Path, worked: tuple[int, int]
) -> None:
    purge_recordings(asking(context), [worked[0]], context, ())
    assert rows(context, Candidate) == 0
    find(clip, context, plan)
    assert rows(context, Candidate) == 1


def test_bystanders_go_when_their_time_is_over_and_candidates_stay(
    context: Context, plan: Plan, tmp_path: Path
) -> None:
    case = open_case(context)
    two = Stay(RED, 1, 3), Stay(GREEN, 1, 3, x=190)
    analysis = find(paint(tmp_path / "two.mp4", 4, *two), context, plan)
    enrolled = enrol("Red", [paint_photo(tmp_path / "red.png", RED)], case, context, plan)
    match_person(enrolled.person_id, context)
    later = asking(context, days=100)

    assert purge_bystanders(asking(context), 90, context, ()).rows == {}
    certificate = purge_bystanders(later, 90, context, ())

    assert certificate.rows["appearance"] == 1
    assert (rows(context, Appearance), rows(context, Sighting)) == (1, 0)
    with reading(context.database) as session:
        kept = session.exec(select(Appearance)).one()
        assert session.get_one(Analysis, analysis).thinned_at
    assert all(context.media.read(name) for name in kept.crops)
    assert purge_bystanders(later, 90, context, ()).rows == {}


def test_footage_of_a_case_in_force_keeps_its_bystanders(
    context: Context, plan: Plan, clip: Path
) -> None:
    case = open_case(context, days=200)
    of_case(context, case, recording_of(context, find(clip, context, plan)))
    later = asking(context, days=100)
    assert purge_bystanders(later, 90, context, ()).rows == {}
    close(context)
    assert purge_bystanders(later, 90, context, ()).rows["appearance"] == 1


def test_what_lost_its_bystanders_is_not_tried_again(
    context: Context, plan: Plan, clip: Path
) -> None:
    analysis = find(clip, context, plan)
    with writing(context.database) as session:
        session.connection().execute(text("update segment set state = 'quarantined'"))
    purge_bystanders(asking(context), 0, context, ())
    with writing(context.database) as session:
        assert control.retry(session, [analysis]) == []


def test_a_key_that_was_destroyed_is_rebuilt_for_the_same_footage(
    context: Context, plan: Plan, clip: Path, worked: tuple[int, int]
) -> None:
    before = rows(context, DataKey)
    purge_recordings(asking(context), [worked[0]], context, ())
    assert rows(context, DataKey) == before - 1
    find(clip, context, plan)
    assert rows(context, DataKey) == before


def test_an_uploaded_recording_goes_with_its_file_and_others_stay(
    context: Context, plan: Plan, clip: Path, yard: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "footage").mkdir(parents=True)
    uploaded = clip.rename(home / "footage" / "gate.mp4")
    ids = [recording_of(context, find(path, context, plan)) for path in (uploaded, yard)]
    certificate = purge_recordings(asking(context), ids, context, [home])
    assert certificate.footage_files == 1
    assert not uploaded.exists()
    assert yard.exists()


def test_the_index_of_vectors_goes_too(
    context: Context, worked: tuple[int, int], tmp_path: Path
) -> None:
    if context.database.dialect.name != "sqlite":
        pytest.skip("PostgreSQL has no index beside the database")
    with index(context.database, "stub") as built:
        assert len(built.rows.appearance_ids) == 3
    purge_recordings(asking(context), [worked[0]], context, [tmp_path])
    assert not list(tmp_path.glob("*-vectors/*/matrix"))
    with index(context.database, "stub") as built:
        assert len(built.rows.appearance_ids) == 2


def test_the_name_under_which_footage_was_handed_in_goes_with_it(
    context: Context, plan: Plan, clip: Path
) -> None:
    recording = recording_of(context, find(clip, context, plan))
    with writing(context.database) as session:
        account = add_account(
            session, name="ann", roles=[Role.UPLOADER], password_hash="", now=utc_now()
        )
        upload = uploads.begin(
            session, account_id=account.id, actor="account:1", case_id=None, name="her flat.mp4",
            size_bytes=1, now=utc_now(),
        )  # fmt: skip
        session.get_one(Upload, upload.id).recording_id = recording
    assert purge_recordings(asking(context), [recording], context, ()).rows["upload"] == 1
    assert rows(context, Upload) == 0
