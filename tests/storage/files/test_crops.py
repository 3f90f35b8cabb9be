"""Every table that names a picture keeps it."""

from rows import NOW, PLAN, TERMS, add_reference, found, presence, reference, segments
from sqlalchemy import Engine

from footage.coverage import Coverage
from storage.cases.case_terms import open_case
from storage.cases.people import add_person
from storage.database.database import reading, writing
from storage.files.crops import crop_numbers
from storage.files.media import number_of
from storage.jobs import ledger
from storage.jobs.recordings import add
from storage.vectors.appearances import replace_appearances

SEEN = Coverage(decoded_frames=1, sampled_frames=1, decoded_ms=1, gaps=())


def test_sightings_appearances_and_references_name_their_crops(database: Engine) -> None:
    seen, joined = presence(1), presence(2)
    with writing(database) as session:
        added = add(session, found(), segments=segments(1), now=NOW, **PLAN)
        ledger.claim(session, 1, "anna", 60, NOW)
        ledger.finish(session, 1, "anna", SEEN, [seen], NOW)
        replace_appearances(session, added.analysis_id, [joined])
        case = open_case(session, reference="2026-1", now=NOW, **TERMS)
        person = add_person(session, case_id=case.id, name="Ada", now=NOW)
        add_reference(session, person, reference())
        add_reference(session, person, reference("refused.jpg", vector=None, crop=None))
    with reading(database) as session:
        names = [*seen.crops, *joined.crops, reference().crop]
        assert crop_numbers(session) == {number_of(name) for name in names if name}
