"""A verdict belongs to the reference, picture and engine it was given on, and to who may give it.

Each docstring names the function that is at fault in the commit before.
"""

import csv
import io
import json
import random
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from callers import caller
from judged import ADA, ANN, BEN, CASE, CY, KEYS, RULES, SAME, fill, order, says
from painted import BLUE, RED, Stay, paint, paint_photo
from rows import NOW, PLAN, TERMS, add_accounts, add_reference, found, presence, reference
from sqlalchemy import Engine
from steps import enrol, find, open_case, watch_all

from errors import NotAuthorised
from faces.engines.stub import StubEngine
from pipeline.act import Caller
from pipeline.analysis.match import match_analysis
from pipeline.analysis.rematch import match_person
from pipeline.clock import utc_now
from pipeline.context import Context
from pipeline.intake.ingest import ingest_file
from pipeline.judging.group import make_groups
from pipeline.judging.review import Rules, decide
from pipeline.people.enrol import enrol_person
from pipeline.people.search import Question, search
from pipeline.people.withdraw import withdraw
from pipeline.plan import Plan
from report.exporting import export
from storage import tables
from storage.cases import case_terms
from storage.database.database import reading, writing
from storage.jobs.recordings import Request, add
from storage.results.candidates import candidates
from storage.results.ranking import Match, replace_candidates
from storage.results.verdicts import Key, Standing, standings
from storage.tables import State
from storage.vectors.appearances import replace_appearances
from storage.vectors.embeddings import keep_vectors
from storage.vectors.models import Choice, choose

FIRST = KEYS[0]
LIKE_RED = (225, 60, 30)
"""Close enough to red to be its candidate."""
CARD = replace(StubEngine.card, threshold=0.5)


@pytest.fixture
def supported(database: Engine) -> Engine:
    """Two reviewers said same of the first candidate, beside the passport photo."""
    fill(database)
    for reviewer in (ANN, BEN):
        says(database, reviewer, SAME)
    assert standing(database) == Standing.SUPPORTED
    return database


def standing(database: Engine, key: Key = FIRST) -> Standing:
    with reading(database) as session:
        return standings(session, CASE).get(key, Standing.OPEN)


def found_by(database: Engine, photo: str, engine: str = "stub") -> None:
    """Another photo of Ada is the closest to her first candidate."""
    with writing(database) as session:
        one = reference(photo, engine=engine, crop=photo.ljust(64, "0") + ".jpg")
        number = add_reference(session, ADA, one)
        match = Match(ADA, FIRST.appearance_id, number, 0.05, 0.6)
        replace_candidates(
            session,
            reference_ids=[number],
            appearance_ids=[FIRST.appearance_id],
            matches=[match],
        )


def test_another_reference_reopens_a_supported_candidate(supported: Engine) -> None:
    """`storage.results.verdicts.standings` goes by person and appearance alone."""
    found_by(supported, "exchanged")
    assert standing(supported) == Standing.OPEN


def test_a_candidate_reopened_by_another_reference_is_shown_to_reviewers(
    supported: Engine,
) -> None:
    """`storage.results.blind_views._closed` counts verdicts whatever they were given on."""
    found_by(supported, "exchanged")
    assert FIRST in order(supported, CY)


def test_another_picture_reopens_a_supported_candidate(supported: Engine) -> None:
    """`storage.results.verdicts.standings`; `replace_appearances` keeps the id of an appearance
    whose pictures changed."""
    with writing(supported) as session:
        seen = [presence(4_000 * number) for number in range(3)]
        seen[0] = replace(seen[0], crops=("f" * 64 + ".jpg",))
        ids = replace_appearances(session, 1, seen)
        assert ids[0] == FIRST.appearance_id
    assert standing(supported) == Standing.OPEN


def test_another_engine_s_candidate_has_no_verdicts_of_the_engine_before(
    supported: Engine,
) -> None:
    """`storage.results.verdicts.standings` does not ask for the engine of a verdict."""
    found_by(supported, "passport.jpg", engine="stub:3")
    with writing(supported) as session:
        choose(session, Choice("stub:3", "a test", "uid:1", NOW))
        (shown,) = candidates(session)
        assert (shown.key, shown.engine) == (FIRST, "stub:3")
    assert standing(supported) == Standing.OPEN


def test_who_added_a_second_photo_does_not_review(context: Context, tmp_path: Path) -> None:
    """`pipeline.judging.review._refuse_requester` and `blind_views.undecided` know only
    `Person.asked_by`, which `add_person` sets once."""
    case_id, key = red_case(context, tmp_path)
    photo = paint_photo(tmp_path / "second.png", LIKE_RED)
    add_photo(context, ANN.actor, case_id, photo)
    match_person(key.person_id, context)
    with pytest.raises(NotAuthorised, match="two other reviewers"):
        give(context, case_id, key, ANN.account_id)


def test_who_added_a_second_photo_is_shown_no_candidate_of_the_person(
    context: Context, tmp_path: Path
) -> None:
    """`storage.results.blind_views.undecided`, as above."""
    case_id, key = red_case(context, tmp_path)
    add_photo(context, ANN.actor, case_id, paint_photo(tmp_path / "second.png", LIKE_RED))
    match_person(key.person_id, context)
    assert order(context.database, ANN) == []


def test_who_searched_with_the_person_s_photo_does_not_review(
    context: Context, tmp_path: Path
) -> None:
    """`pipeline.people.search.search` leaves only an entry in the audit log, which
    `_refuse_requester` does not read; the searcher saw every distance."""
    case_id, key = red_case(context, tmp_path)
    asked = Caller(context.database, ANN.actor, utc_now())
    engine = context.engine_for(Plan(engine="stub"))
    answer = search(asked, [tmp_path / "red.png"], Question(case_id), engine=engine)
    assert (answer.hits, answer.to_review) == ([], 1)
    with pytest.raises(NotAuthorised, match="two other reviewers"):
        give(context, case_id, key, ANN.account_id)


def test_the_statement_admits_that_the_requester_was_a_reviewer(
    context: Context, tmp_path: Path
) -> None:
    """`report.exporting._about` writes the rule of today, not what was done: the verdict was given
    when `requester_may_review` was set."""
    case_id, key = red_case(context, tmp_path, asked_by=ANN.actor)
    lenient = replace(RULES, requester_may_review=True)
    for reviewer in (ANN, BEN):
        give(context, case_id, key, reviewer.account_id, lenient)
    statement = package(context, case_id)["statement.html"].decode()
    assert "was neither of them" not in statement


def test_the_statement_does_not_suspect_a_requester_who_gave_no_verdict(
    context: Context, tmp_path: Path
) -> None:
    """`report.exporting._about`, as above: the rule allows it today, and nobody made use of it."""
    case_id, key = red_case(context, tmp_path, asked_by=CY.actor)
    for reviewer in (ANN, BEN):
        give(context, case_id, key, reviewer.account_id)
    lenient = replace(RULES, requester_may_review=True)
    statement = package(context, case_id, lenient)["statement.html"].decode()
    assert "may have been one of them" not in statement


def test_an_exchanged_photo_is_not_exported_beside_earlier_verdicts(
    context: Context, tmp_path: Path
) -> None:
    """`report.exporting._line` takes the reference of the candidate as it is now, and the verdicts
    by person and appearance."""
    exported = package(context, exchanged(context, tmp_path))
    now = json.loads(exported["candidates.json"])
    [red] = [row for row in now if row["person"] == "Red"]
    assert red["reference"] == "other.png"
    assert red["verdicts"] == []


def test_an_exchanged_photo_leaves_its_candidate_unsupported_in_the_table_of_the_package(
    context: Context, tmp_path: Path
) -> None:
    """`pipeline.judging.listed.each_listed`, by `standings`."""
    table = package(context, exchanged(context, tmp_path))["candidates.csv"].decode()
    status = {row["person"]: row["review_status"] for row in csv.DictReader(io.StringIO(table))}
    assert status == {"Blue": "supported", "Red": "open"}


def test_two_faces_of_one_moment_are_never_one_group(context: Context, tmp_path: Path) -> None:
    """`faces.grouping.group` gets no times: `pipeline.judging.group.make_groups` passes only
    vectors, and what people said."""
    case_id = grouping_case(context.database)
    film = paint(tmp_path / "yard.mp4", 4, Stay(RED, 0, 3), Stay(RED, 0, 3, x=200))
    request = Request(case_id=case_id)
    added = ingest_file(
        film, context=context, plan=Plan(engine="stub"), now=utc_now(), request=request
    )
    watch_all(context)
    match_analysis(added.analysis_id, context)
    asked = caller(context.database)
    assert make_groups(asked, case_id, card=StubEngine(40).card).groups == []


@pytest.mark.parametrize("seed", range(5))
def test_no_group_holds_two_faces_of_one_moment_of_a_recording(database: Engine, seed: int) -> None:
    """The same for drawn appearances of three recordings, of hues close to each other."""
    drawn = random.Random(seed)
    case_id = grouping_case(database)
    for name in "abc":
        stays = [(drawn.randrange(0, 20_000, 500), drawn.uniform(0, 0.3)) for _ in range(6)]
        appear(database, case_id, name, stays)
    made = make_groups(caller(database), case_id, card=CARD)
    assert made.groups
    together = [
        (first.seen.appearance_id, second.seen.appearance_id)
        for group in made.groups
        for first, second in combinations(group.members, 2)
        if first.seen.recording_id == second.seen.recording_id
        and first.seen.start_ms <= second.seen.end_ms
        and second.seen.start_ms <= first.seen.end_ms
    ]
    assert together == []


def red_case(context: Context, folder: Path, *, asked_by: str = "uid:1") -> tuple[int, Key]:
    """A case that looks for red, who was seen once; returns its id and the candidate."""
    case_id = open_case(context)
    find(paint(folder / "gate.mp4", 3, Stay(RED, 0, 2)), context, Plan(engine="stub"))
    with writing(context.database) as session:
        add_accounts(session, *(one.account_id for one in (ANN, BEN, CY)))
    person = add_photo(context, asked_by, case_id, paint_photo(folder / "red.png", RED))
    match_person(person, context)
    return case_id, the_candidate(context, person)


def add_photo(context: Context, actor: str, case_id: int, photo: Path, name: str = "Red") -> int:
    asked = Caller(context.database, actor, utc_now())
    engine = context.engine_for(Plan(engine="stub"))
    return enrol_person(asked, case_id, name, [photo], engine=engine, context=context).person_id


def the_candidate(context: Context, person: int) -> Key:
    with reading(context.database) as session:
        (only,) = [row.key for row in candidates(session) if row.person_id == person]
    return only


def give(context: Context, case_id: int, key: Key, account_id: int, rules: Rules = RULES) -> None:
    """One reviewer says same."""
    asked = Caller(context.database, f"account:{account_id}", utc_now())
    decide(asked, case_id, key, SAME, account_id=account_id, rules=rules)


def exchanged(context: Context, folder: Path) -> int:
    """Two people are supported; then another photo takes the place of red's."""
    case_id = open_case(context)
    film = paint(folder / "gate.mp4", 6, Stay(RED, 0, 2), Stay(BLUE, 3, 5))
    find(film, context, Plan(engine="stub"))
    with writing(context.database) as session:
        add_accounts(session, ANN.account_id, BEN.account_id)
    keys = []
    for name, colour in (("Red", RED), ("Blue", BLUE)):
        photo = paint_photo(folder / f"{name}.png", colour)
        person = enrol(name, [photo], case_id, context, Plan(engine="stub")).person_id
        match_person(person, context)
        keys.append(the_candidate(context, person))
        for reviewer in (ANN, BEN):
            give(context, case_id, keys[-1], reviewer.account_id)
    add_photo(context, "uid:1", case_id, paint_photo(folder / "other.png", LIKE_RED))
    withdraw(caller(context.database), case_id, "Red", "Red.png")
    match_person(keys[0].person_id, context)
    return case_id


def package(context: Context, case_id: int, rules: Rules = RULES) -> dict[str, bytes]:
    """The files of an exported package, by name."""
    made = export(caller(context.database), case_id, media=context.media, rules=rules)
    with zipfile.ZipFile(io.BytesIO(made.body)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def grouping_case(database: Engine) -> int:
    terms = TERMS | {"expires_at": utc_now() + timedelta(days=1)}
    with writing(database) as session:
        return case_terms.open_case(
            session, reference="A", now=utc_now(), allows_grouping=True, **terms
        ).id


def appear(database: Engine, case_id: int, name: str, stays: Sequence[tuple[int, float]]) -> None:
    """Footage of a case in which faces of these hues were seen for two seconds each."""
    with writing(database) as session:
        film = found(name * 64, f"/{name}.mp4")
        request = Request(case_id=case_id)
        added = add(session, film, segments=[], now=NOW, request=request, **PLAN)
        session.get_one(tables.Analysis, added.analysis_id).state = State.DONE
        seen = [
            replace(presence(start), box=replace(presence().box, x=float(20 * place)))
            for place, (start, _) in enumerate(stays)
        ]
        ids = replace_appearances(session, added.analysis_id, seen)
        vectors = [np.array([np.cos(hue), np.sin(hue)], np.float32) for _, hue in stays]
        keep_vectors(session, ids, vectors, engine="stub", weights_sha256=None)
